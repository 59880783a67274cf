import type { AdminConcert, AdminSchedule } from '../../../src/client/answers.ts';
import { type Child, h } from '../../view/node.ts';
import { newLevels } from '../desks/plan-move-desk.ts';
import { form, taskButton, textField } from './console-parts.ts';
import { placesOf } from './hall-map.ts';
import type { OpsContext } from './ops-context.ts';

/** Moves an existing date to the newest version of its plan; null when it has that version. */
export function planMove(concert: AdminConcert, { scheduleId, startsAt }: AdminSchedule, context: OpsContext): Child {
  const { state, t, format, desks } = context;
  const { datePlan, newerPlan } = state.console.catalogue;
  if (datePlan === null || datePlan.scheduleId !== scheduleId || newerPlan === null) return null;
  const { concertId, timeZone } = concert;
  const unpriced = newLevels(datePlan, newerPlan);
  const places = placesOf(datePlan);
  return form(
    `move ${scheduleId}`,
    (values) =>
      desks.planMoves.move({
        concertId,
        scheduleId,
        plan: newerPlan,
        what: { when: `${format.date(startsAt, timeZone)} ${format.time(startsAt, timeZone)}`, seats: places.length },
        levels: unpriced.map((name, index) => ({ name, price: values.number(`new-level-${index}`) ?? 0 })),
        names: new Map(places.map(({ seatNumber, name }) => [seatNumber, name])),
      }),
    h('h3', {}, t.dates.plan),
    h(
      'p',
      { class: 'soft small' },
      t.moving.versions(String(datePlan.version ?? ''), String(newerPlan.version), format.number(newerPlan.totalSeats)),
    ),
    unpriced.length > 0 &&
      h(
        'div',
        { class: 'fields' },
        unpriced.map((name, index) =>
          textField('move', {
            label: t.dates.priceOf(name),
            name: `new-level-${index}`,
            attributes: { type: 'number', inputmode: 'numeric', min: 0, max: 100_000_000, step: 1, required: true },
          }),
        ),
      ),
    h('div', { class: 'button-row' }, taskButton(context, 'move-plan', t.moving.yes(String(newerPlan.version)), {})),
  );
}
