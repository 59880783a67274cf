import type { AdminConcert } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { may } from '../console-state.ts';
import { concertForm } from './concert-form.ts';
import { saleChips, saleStateOf } from './concert-list.ts';
import { faultOf, link, panel, sectionHead, taskButton } from './console-parts.ts';
import { datesPanel } from './dates-panel.ts';
import type { OpsContext } from './ops-context.ts';

/** A concert: its sale, its dates and its details. */
export function concertPage(context: OpsContext): readonly Child[] {
  const { state, t, desks } = context;
  const { concert } = state.console.catalogue;
  if (concert === null) return [sectionHead(t.concerts.title), h('p', { class: 'soft' }, t.loading)];
  if (concert === 'missing') {
    return [sectionHead(t.concerts.missing), link('#/concerts', t.concerts.title)];
  }
  const mayChange = may(state.console, 'MANAGER');
  return [
    h('a', { key: 'back', class: 'back-link', href: '#/concerts' }, t.concerts.title),
    sectionHead(
      concert.title,
      h('span', { class: 'card-chips' }, saleChips(concert, context)),
      link(`/#/concerts/${concert.concertId}`, t.concerts.preview, { target: '_blank', rel: 'noopener' }),
    ),
    mayChange && salePanel(concert, context),
    datesPanel(concert, context),
    mayChange &&
      panel(
        'details',
        t.concerts.details,
        null,
        concertForm(context, concert, (given) => void desks.catalogue.save(concert, given)),
      ),
  ];
}

/** Opens, closes and pauses. */
function salePanel(concert: AdminConcert, context: OpsContext): ElementNode {
  const { state, t, desks, nowMs } = context;
  const sale = saleStateOf(concert, nowMs());
  const figures = state.overview?.concerts.find(({ concertId }) => concertId === concert.concertId);
  const counts = { held: figures?.held ?? 0, waiting: figures?.queue.waiting ?? 0 };
  const { paused } = concert.queue;
  return panel(
    'sale',
    t.concerts.sale,
    null,
    faultOf(context, 'pause'),
    h(
      'div',
      { class: 'button-row' },
      sale === 'upcoming' &&
        taskButton(context, 'open-booking', t.concerts.openNow, {
          look: 'button-primary',
          press: () => desks.catalogue.openBooking(concert),
        }),
      sale === 'open' &&
        taskButton(context, 'close-booking', t.concerts.closeNow, {
          press: () => desks.catalogue.closeBooking(concert, counts),
        }),
      taskButton(context, 'pause', paused ? t.concerts.resume : t.concerts.pause, {
        press: () => void desks.catalogue.pauseQueue(concert, !paused),
      }),
      !concert.cancelled &&
        taskButton(context, 'cancel-concert', t.cancelling.concert, {
          look: 'button-danger',
          press: () => void desks.cancellations.cancelConcert(concert, counts.waiting),
        }),
      taskButton(context, 'remove-concert', t.concerts.remove, {
        look: 'button-danger',
        press: () => desks.catalogue.remove(concert),
      }),
    ),
  );
}
