import type { Overview } from '../../../src/client/answers.ts';
import { type ElementNode, h } from '../../view/node.ts';
import type { QueueDialog } from '../ops-state.ts';
import { areDatesMany } from './occupancy-panel.ts';
import type { OpsContext } from './ops-context.ts';

type ConcertRow = Overview['concerts'][number];

/** Lines with activity come first; more than this many are shown only on demand. */
const SHOWN_AT_FIRST = 6;
const SHOWN_BESIDE_CHARTS = 3;

/** The line of each concert, with the operator's actions. */
export function queuePanel(context: OpsContext): ElementNode {
  const { state, words, format, actions } = context;
  const concerts = (state.overview?.concerts ?? []).toSorted(
    (a, b) => urgency(b) - urgency(a) || a.concertId - b.concertId,
  );
  const atFirst = areDatesMany(state.overview?.schedules.length ?? 0) ? SHOWN_BESIDE_CHARTS : SHOWN_AT_FIRST;
  const shown = state.areAllQueuesShown ? concerts : concerts.slice(0, atFirst);
  const rest = concerts.length - shown.length;
  return h(
    'section',
    { class: 'ops-panel', 'aria-labelledby': 'queues-title' },
    h('div', { class: 'ops-panel-head' }, h('h2', { id: 'queues-title' }, words.queues)),
    concerts.length === 0 && h('p', { class: 'soft' }, words.noConcerts),
    h(
      'ul',
      { class: 'queues' },
      shown.map((concert) => queueItem(concert, context)),
    ),
    rest > 0 &&
      h(
        'button',
        { type: 'button', class: 'button button-quiet', on: { click: () => actions.showAllQueues() } },
        words.showAll(format.number(rest)),
      ),
  );
}

/** A paused line with waiting people first, then the longest. */
function urgency({ queue }: ConcertRow): number {
  return queue.waiting + (queue.paused && queue.waiting > 0 ? 1e9 : 0) + queue.active / 1e6;
}

function queueItem(concert: ConcertRow, context: OpsContext): ElementNode {
  const { words, format, actions } = context;
  const { concertId, title, queue, policy } = concert;
  const button = (kind: QueueDialog['kind'], name: string, look: string): ElementNode =>
    h(
      'button',
      {
        key: kind,
        type: 'button',
        class: `button ${look}`,
        'aria-label': `${name}: ${title}`,
        on: { click: () => actions.ask(kind, concertId) },
      },
      name,
    );
  return h(
    'li',
    { key: concertId, class: `queue ${queue.paused ? 'queue-paused' : ''}` },
    h(
      'div',
      { class: 'queue-head' },
      h('h3', { class: 'queue-title' }, title),
      h(
        'span',
        { class: `chip ${queue.paused ? 'chip-danger' : 'chip-good'}` },
        queue.paused ? words.paused : words.open,
      ),
    ),
    h(
      'p',
      { class: 'queue-figures figures' },
      h('span', {}, words.waiting, ' ', h('strong', {}, format.number(queue.waiting))),
      h(
        'span',
        {},
        words.active,
        ' ',
        h('strong', {}, words.activeOf(format.number(queue.active), format.number(queue.maxActive))),
      ),
    ),
    h(
      'p',
      { class: 'queue-policy soft figures' },
      words.policyWords(
        format.number(policy.batch),
        format.span(policy.intervalMs),
        format.number(policy.maxActive),
        format.span(policy.activeTtlMs),
      ),
    ),
    h(
      'div',
      { class: 'queue-buttons' },
      queue.paused ? button('resume', words.resume, 'button-primary') : button('pause', words.pause, ''),
      button('change', words.change, 'button-quiet'),
    ),
  );
}
