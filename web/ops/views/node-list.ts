import { type ElementNode, h } from '../../view/node.ts';
import type { OpsContext } from './ops-context.ts';

/** The nodes of the last hour; words and shapes show which are alive. */
export function nodeList({ state, words, format }: OpsContext): ElementNode {
  const nodes = (state.overview?.nodes ?? []).toSorted((a, b) => Number(b.alive) - Number(a.alive));
  return h(
    'section',
    { class: 'ops-panel', 'aria-labelledby': 'nodes-title' },
    h('div', { class: 'ops-panel-head' }, h('h2', { id: 'nodes-title' }, words.nodes)),
    nodes.length === 0 && h('p', { class: 'soft' }, words.noNodes),
    h(
      'ul',
      { class: 'nodes' },
      nodes.map(({ node, address, alive, ownedSchedules }) =>
        h(
          'li',
          { key: node, class: `node ${alive ? 'node-alive' : 'node-dead'}` },
          h(
            'svg',
            { class: 'node-sign', viewBox: '0 0 16 16', 'aria-hidden': 'true' },
            alive ? h('circle', { cx: 8, cy: 8, r: 6 }) : h('path', { d: 'M3 3l10 10M13 3L3 13' }),
          ),
          h('span', { class: 'node-name' }, node.split(':')[0] ?? node),
          h('span', { class: 'soft small figures' }, address),
          h('span', { class: `chip ${alive ? 'chip-good' : ''}` }, alive ? words.alive : words.dead),
          h('span', { class: 'soft small figures' }, words.owns(format.number(ownedSchedules))),
        ),
      ),
    ),
  );
}
