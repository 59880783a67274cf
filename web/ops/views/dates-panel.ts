import type { AdminConcert, AdminSchedule } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { hashOfConcert } from '../console-route.ts';
import { may } from '../console-state.ts';
import { cancellationBar } from './cancellation-bar.ts';
import { chip, faultOf, link, panel, taskButton } from './console-parts.ts';
import { changedDate, newDate } from './date-form.ts';
import type { OpsContext } from './ops-context.ts';

/** The dates of a concert, each with what can be done to it. */
export function datesPanel(concert: AdminConcert, context: OpsContext): ElementNode {
  const { state, t, desks } = context;
  const { editedDate } = state.console.catalogue;
  const mayChange = may(state.console, 'MANAGER');
  const dates = concert.schedules.toSorted((one, other) => one.startsAt.localeCompare(other.startsAt));
  return panel(
    'dates',
    t.dates.title,
    mayChange &&
      editedDate !== 'new' &&
      taskButton(context, 'new-date', t.dates.add, {
        look: 'button-primary',
        press: () => void desks.catalogue.editDate('new'),
      }),
    editedDate === 'new' && newDate(concert, context),
    dates.length === 0 && editedDate !== 'new' && h('p', { class: 'soft' }, t.dates.empty),
    h(
      'ul',
      { class: 'rows' },
      dates.map((schedule) => dateRow(concert, schedule, mayChange, context)),
    ),
  );
}

/** A date in words, in its concert's time zone. */
function whenOf({ timeZone }: AdminConcert, { startsAt }: AdminSchedule, { format }: OpsContext): string {
  return `${format.date(startsAt, timeZone)} ${format.time(startsAt, timeZone)}`;
}

function dateRow(concert: AdminConcert, schedule: AdminSchedule, mayChange: boolean, context: OpsContext): ElementNode {
  const { state, t, format, desks } = context;
  const { scheduleId, closed, cancellationId, totalSeats, availableSeats, priceFrom, priceTo } = schedule;
  const when = whenOf(concert, schedule, context);
  const isEdited = state.console.catalogue.editedDate === scheduleId;
  const about = (name: string): string => `${name}: ${when}`;
  const actions: readonly Child[] =
    mayChange && cancellationId === null
      ? [
          !isEdited &&
            taskButton(context, 'edit-date', t.dates.edit, {
              look: 'button-quiet',
              label: about(t.dates.edit),
              press: () => void desks.catalogue.editDate(scheduleId),
            }),
          closed
            ? taskButton(context, `date ${scheduleId}`, t.dates.open, {
                look: 'button-quiet',
                label: about(t.dates.open),
                press: () => void desks.catalogue.openDate(concert.concertId, schedule),
              })
            : taskButton(context, 'close-date', t.dates.close, {
                look: 'button-quiet',
                label: about(t.dates.close),
                press: () => desks.catalogue.closeDate(concert.concertId, schedule, when),
              }),
          taskButton(context, 'cancel-date', t.cancelling.date, {
            look: 'button-quiet',
            label: about(t.cancelling.date),
            press: () => void desks.cancellations.cancelDate(concert, schedule, when),
          }),
          taskButton(context, 'remove-date', t.dates.remove, {
            look: 'button-quiet',
            label: about(t.dates.remove),
            press: () => desks.catalogue.removeDate(concert.concertId, schedule, when),
          }),
        ]
      : [];
  return h(
    'li',
    { key: scheduleId, class: 'row', 'data-schedule': scheduleId },
    h(
      'div',
      { class: 'row-words' },
      h('h3', { class: 'row-title' }, when),
      h(
        'p',
        { class: 'soft small figures' },
        `${t.dates.figures(format.number(totalSeats), format.number(availableSeats))} · ${format.moneyRange(priceFrom, priceTo)}`,
      ),
    ),
    cancellationId !== null
      ? chip(t.cancelling.cancelled, 'danger')
      : closed
        ? chip(t.dates.closed, 'danger')
        : chip(t.dates.onSale, 'good'),
    h(
      'div',
      { class: 'row-actions' },
      link(hashOfConcert(concert.concertId, scheduleId), t.dates.hall, {
        class: 'button button-quiet',
        'aria-label': about(t.dates.hall),
      }),
      actions,
    ),
    faultOf(context, `date ${scheduleId}`),
    cancellationId !== null && cancellationBar(cancellationId, context),
    isEdited && changedDate(concert, schedule, context),
  );
}
