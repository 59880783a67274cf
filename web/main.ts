import { h } from './view/node.ts';
import { createScreen } from './view/patch.ts';

createScreen(document.body)([
  h(
    'header',
    { class: 'page-head' },
    h('div', { class: 'page-head-row' }, h('a', { class: 'wordmark', href: '#/' }, 'frontrow')),
  ),
  h('main', { id: 'main', class: 'page-main' }, h('h1', {}, 'frontrow')),
]);
