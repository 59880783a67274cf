import type { AdminSeatMap } from '../../../src/client/answers.ts';
import { type Child, h } from '../../view/node.ts';
import { may } from '../console-state.ts';
import { faultOf, form, taskButton, textField } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';

type Seat = AdminSeatMap['seats'][number];

/** What the box office can do with the chosen seats. */
export function seatActions(
  context: OpsContext,
  scheduleId: number,
  places: readonly { readonly seatNumber: number; readonly name: string }[],
  bySeat: ReadonlyMap<number, Seat>,
): Child {
  const { state, t, desks } = context;
  if (!may(state.console, 'BOX_OFFICE')) return null;
  const seats = places.map(({ seatNumber, name }) => ({
    scheduleId,
    seatNumber,
    name,
    userId: bySeat.get(seatNumber)?.userId ?? null,
  }));
  const statusOf = (seatNumber: number): string | undefined => bySeat.get(seatNumber)?.status;
  const free = seats.filter(({ seatNumber }) => statusOf(seatNumber) === 'AVAILABLE');
  const blocked = seats.filter(({ seatNumber }) => statusOf(seatNumber) === 'BLOCKED');
  const taken = seats.filter(({ seatNumber }) => ['HELD', 'CONFIRMED'].includes(statusOf(seatNumber) ?? ''));
  const [guestSeat] = free;
  const [from] = taken;
  const isMove = seats.length === 2 && from !== undefined && guestSeat !== undefined;
  return [
    h(
      'div',
      { key: 'actions', class: 'button-row' },
      free.length === seats.length &&
        taskButton(context, 'block', t.desk.block, { press: () => desks.seats.block(scheduleId, free) }),
      blocked.length === seats.length &&
        taskButton(context, 'unblock', t.desk.unblock, { press: () => desks.seats.unblock(scheduleId, blocked) }),
      isMove &&
        taskButton(context, 'find-reservation', t.desk.move, { press: () => void desks.seats.move(from, guestSeat) }),
    ),
    taken.length === 1 && seats.length === 1 && h('p', { key: 'hint', class: 'soft small' }, t.desk.moveHint),
    faultOf(context, 'find-reservation'),
    seats.length === 1 &&
      guestSeat !== undefined &&
      form(
        `comp ${guestSeat.seatNumber}`,
        (values) => void desks.seats.comp(guestSeat, values.text('email')),
        textField('comp', {
          label: t.desk.email,
          name: 'email',
          attributes: { type: 'email', required: true, maxlength: 254 },
        }),
        faultOf(context, 'comp'),
        h('div', { class: 'button-row' }, taskButton(context, 'comp', t.desk.comp, {})),
      ),
  ];
}
