import type { AdminSeatMap, SchedulePlan } from '../../../src/client/answers.ts';
import { type ElementNode, h } from '../../view/node.ts';
import type { OpsContext } from './ops-context.ts';
import { planScale } from './plan-drawing.ts';

type Seat = AdminSeatMap['seats'][number];
type Place = SchedulePlan['sections'][number]['rows'][number]['seats'][number] & { readonly name: string };

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** Going aside counts for more than going ahead, so that an arrow follows its row. */
const ASIDE = 3;

/** The seats of a plan in the order of their numbers, each with the name by which people find it. */
export function placesOf({ sections }: Pick<SchedulePlan, 'sections'>): readonly Place[] {
  return sections
    .flatMap(({ name: section, rows }) =>
      rows.flatMap((row) =>
        row.seats.map((seat) => ({
          ...seat,
          name: [section, row.label, seat.label].filter((part) => part !== '').join(' '),
        })),
      ),
    )
    .toSorted((one, other) => one.seatNumber - other.seatNumber);
}

/** Every seat as it is now. One is a tab stop; arrow keys move between them. */
export function hallMap(context: OpsContext, plan: SchedulePlan, seats: readonly Seat[]): ElementNode {
  const { state, t } = context;
  const { chosen, cursor } = state.console.hall;
  const places = placesOf(plan);
  const { place, width, depth } = planScale(places);
  const byNumber = new Map(seats.map((seat) => [seat.seatNumber, seat]));
  const start = cursor ?? places[0]?.seatNumber;
  return h(
    'div',
    { key: 'map', class: 'hall-frame' },
    h(
      'div',
      {
        class: 'hall-field',
        role: 'group',
        'aria-label': t.hall.map,
        vars: { '--width': width.toFixed(2), '--depth': depth.toFixed(2) },
        on: {
          click: ({ target }) => {
            const seatNumber = seatOf(target);
            if (seatNumber !== null) context.desks.hall.toggle(seatNumber);
          },
          keydown: (event) => {
            const step = ARROWS[event.key];
            const from = places.find(({ seatNumber }) => seatNumber === seatOf(event.target));
            const next = step === undefined || from === undefined ? null : nearest(places, from, step);
            if (next === null) return;
            event.preventDefault();
            context.desks.hall.moveCursor(next);
            document.querySelector<HTMLElement>(`[data-seat="${next}"]`)?.focus();
          },
        },
      },
      h('div', { class: 'hall-stage', 'aria-hidden': true }, t.plans.stage),
      places.map((planned) => {
        const seat = byNumber.get(planned.seatNumber);
        if (seat === undefined) return null;
        const { x, y } = place(planned);
        const isChosen = chosen.has(seat.seatNumber);
        return h(
          'button',
          {
            key: seat.seatNumber,
            type: 'button',
            class: `hall-seat hall-seat-${seat.status.toLowerCase()}${isChosen ? ' hall-seat-chosen' : ''}`,
            'data-seat': seat.seatNumber,
            'aria-label': t.hall.seat(planned.name, t.hall.states[seat.status]),
            'aria-pressed': isChosen,
            tabindex: seat.seatNumber === start ? 0 : -1,
            vars: { '--x': x.toFixed(2), '--y': y.toFixed(2) },
          },
          planned.label.slice(0, 3),
        );
      }),
    ),
  );
}

function seatOf(target: EventTarget | null): number | null {
  const seat = target instanceof Element ? target.closest<HTMLElement>('[data-seat]') : null;
  return seat === null ? null : Number(seat.dataset['seat']);
}

/** The nearest seat in a direction; null at the edge of the hall. */
function nearest(places: readonly Place[], from: Place, [right, down]: readonly [number, number]): number | null {
  const reached = places
    .map((place) => {
      const [dx, dy] = [place.x - from.x, place.y - from.y];
      const ahead = dx * right + dy * down;
      const aside = Math.abs(dx * down) + Math.abs(dy * right);
      return { seatNumber: place.seatNumber, ahead, cost: ahead + aside * ASIDE };
    })
    .filter(({ ahead }) => ahead > 0)
    .toSorted((one, other) => one.cost - other.cost);
  return reached[0]?.seatNumber ?? null;
}
