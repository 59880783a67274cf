import { type ElementNode, h } from '../../view/node.ts';
import type { Overview } from '../../../src/client/answers.ts';
import type { OpsContext } from './ops-context.ts';

/** The nodes of the last hour with their states; words and shapes show which are alive. */
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
      nodes.map(({ node, address, alive, state: nodeState, since, ownedSchedules, liveSockets, rates }) =>
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
          h('span', { class: `chip ${lookOf(nodeState)}` }, words.nodeStates[nodeState]),
          since !== null && h('span', { class: 'soft small figures' }, words.since(format.clock(Date.parse(since)))),
          h('span', { class: 'soft small figures' }, words.owns(format.number(ownedSchedules))),
          alive &&
            h(
              'span',
              { class: 'soft small figures' },
              words.nodeFigures(format.number(Math.round(rates.answers)), format.number(liveSockets ?? 0)),
            ),
        ),
      ),
    ),
  );
}

function lookOf(state: Overview['nodes'][number]['state']): string {
  switch (state) {
    case 'SERVING':
      return 'chip-good';
    case 'DEAD':
    case 'NOT_ANSWERING':
    case 'NOT_READY':
      return 'chip-danger';
    case 'STANDING_BY':
    case 'DRAINING':
    case 'JOINING':
    case 'STOPPED':
      return '';
  }
}
