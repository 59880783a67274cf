import type { Catalogue, Schedule } from '../domain/catalogue.ts';
import type { NamedReservation, Reservation, SeatName } from '../domain/reservation.ts';
import { numberSeats, rowLabelOf, type SeatPlan, type SeatPlans } from '../domain/seat-plan.ts';
import { createBoundedMap } from '../runtime/bounded-map.ts';
import { soon } from './soon.ts';

export type NameSeat = (seatNumber: number) => SeatName;

export interface SeatNames {
  /**
   * The names of a schedule's seats, synchronously after the first look-up. Throws a Fault `STORE_UNAVAILABLE` with effect
   * `none`.
   */
  of(scheduleId: number): NameSeat | Promise<NameSeat>;
  /** Names the seats of reservations, whatever their schedules. */
  name(reservations: readonly Reservation[]): Promise<readonly NamedReservation[]>;
}

/** Names of a hall without a plan that are kept; more than the seats of the largest one. */
const KEPT_NAMES = 1_000;

export function createSeatNames({
  catalogue,
  seatPlans,
}: {
  readonly catalogue: Pick<Catalogue, 'findSchedule'>;
  readonly seatPlans: Pick<SeatPlans, 'findVersion'>;
}): SeatNames {
  const ofPlans = new WeakMap<SeatPlan, NameSeat>();
  const undrawn = createBoundedMap<number, SeatName>(KEPT_NAMES);

  function nameUndrawn(seatNumber: number): SeatName {
    const known = undrawn.get(seatNumber);
    if (known !== undefined) return known;
    const { row, seat } = rowLabelOf(seatNumber);
    const name = { seatLabel: labelOf('', row, seat), section: null, row };
    undrawn.set(seatNumber, name);
    return name;
  }

  function namesOfPlan(plan: SeatPlan): NameSeat {
    const known = ofPlans.get(plan);
    if (known !== undefined) return known;
    const names = numberSeats(plan).map(({ section, row, seat }) => ({
      seatLabel: labelOf(section.name, row.label, seat.label),
      section: section.name,
      row: row.label,
    }));
    const nameSeat: NameSeat = (seatNumber) => names[seatNumber - 1] ?? nameUndrawn(seatNumber);
    ofPlans.set(plan, nameSeat);
    return nameSeat;
  }

  function namesOf(schedule: Schedule | null): NameSeat | Promise<NameSeat> {
    if (schedule === null || schedule.plan === null) return nameUndrawn;
    return soon(seatPlans.findVersion(schedule.plan), (plan) => (plan === null ? nameUndrawn : namesOfPlan(plan)));
  }

  const of = (scheduleId: number) => soon(catalogue.findSchedule(scheduleId), namesOf);

  return {
    of,
    name: (reservations) =>
      Promise.all(
        reservations.map(async (reservation) => nameReservation(reservation, await of(reservation.scheduleId))),
      ),
  };
}

export function nameReservation(reservation: Reservation, nameSeat: NameSeat): NamedReservation {
  const { seatLabel, section, row } = nameSeat(reservation.seatNumber);
  return { ...reservation, seatLabel, section, row };
}

/** A row that is a number or a letter is followed by its word, as on Korean tickets; so is the seat. */
function labelOf(section: string, row: string, seat: string): string {
  const parts = [section, /[\p{L}\p{N}]$/u.test(row) && !row.endsWith('열') ? `${row}열` : row];
  return [...parts, seat.endsWith('번') ? seat : `${seat}번`].filter((part) => part !== '').join(' ');
}
