/** Halls as organisers draw them. A version of a plan never changes; schedules keep the version that they were created with. */
import type { ActResult, AdminAct } from './admin.ts';
import type { Page, PageRequest } from './page.ts';

export const SEAT_ATTRIBUTES = ['ACCESSIBLE', 'COMPANION', 'RESTRICTED_VIEW', 'AISLE'] as const;

/** AISLE: the seat is at an aisle. Two such seats that follow each other in a row have the aisle between them. */
export type SeatAttribute = (typeof SEAT_ATTRIBUTES)[number];

/** The most seats of a plan. */
export const LARGEST_PLAN = 2_000;

export interface PlanSeat {
  readonly label: string;
  /** Coordinates in a unit that the plan chooses; `y` grows away from the stage. */
  readonly x: number;
  readonly y: number;
  readonly attributes: readonly SeatAttribute[];
  /** The name of one of the plan's levels. */
  readonly level: string;
}

export interface PlanRow {
  readonly label: string;
  /** From left to right, facing the stage. */
  readonly seats: readonly PlanSeat[];
}

export interface PlanSection {
  readonly name: string;
  readonly rows: readonly PlanRow[];
}

/** Seats have the numbers 1, 2, … in the order of sections, rows and seats. */
export interface SeatPlan {
  readonly name: string;
  readonly sections: readonly PlanSection[];
  /** Price levels; a schedule gives each of them its price. */
  readonly levels: readonly { readonly name: string }[];
}

export interface PlanVersion {
  readonly version: number;
  readonly totalSeats: number;
  /** Epoch milliseconds. */
  readonly createdAtMs: number;
}

/** A seat plan with its versions, oldest first. */
export interface SeatPlanSummary {
  readonly planId: number;
  readonly name: string;
  readonly versions: readonly PlanVersion[];
}

/** A plan has at least one version. */
export function newestOf({ planId, versions }: SeatPlanSummary): PlanVersion {
  const newest = versions.at(-1);
  if (newest === undefined) throw new Error(`plan ${planId} has no version`);
  return newest;
}

/** A version of a plan by its key. */
export interface PlanKey {
  readonly planId: number;
  readonly version: number;
}

export interface NumberedSeat {
  readonly seatNumber: number;
  readonly section: PlanSection;
  readonly row: PlanRow;
  readonly seat: PlanSeat;
}

/** The seats of a plan in order of number. */
export function numberSeats({ sections }: SeatPlan): readonly NumberedSeat[] {
  const seats = sections.flatMap((section) =>
    section.rows.flatMap((row) => row.seats.map((seat) => ({ section, row, seat }))),
  );
  return seats.map((place, index) => ({ seatNumber: index + 1, ...place }));
}

/**
 * Those of the numbers that name another seat in `after` than in `before`, or none. A seat is known by its section, row and
 * label.
 */
export function seatsNotIn(after: SeatPlan, before: SeatPlan, seatNumbers: readonly number[]): readonly number[] {
  const [later, earlier] = [numberSeats(after), numberSeats(before)];
  const nameOf = (place: NumberedSeat | undefined) =>
    place === undefined ? null : JSON.stringify([place.section.name, place.row.label, place.seat.label]);
  return seatNumbers.filter((seatNumber) => {
    const name = nameOf(later[seatNumber - 1]);
    return name === null || name !== nameOf(earlier[seatNumber - 1]);
  });
}

/** Seats in a row of a hall that nobody has drawn. */
const SEATS_PER_ROW = 10;
const LETTERS = 26;

/** The letter of a row by its index: A, B, … Z, AA, AB, … */
function letterOf(index: number): string {
  const last = String.fromCharCode(65 + (index % LETTERS));
  return index < LETTERS ? last : `${letterOf(Math.floor(index / LETTERS) - 1)}${last}`;
}

/** The row and the place in it of a seat in a hall that nobody has drawn. */
export function rowLabelOf(seatNumber: number): { readonly row: string; readonly seat: string } {
  const index = seatNumber - 1;
  return { row: letterOf(Math.floor(index / SEATS_PER_ROW)), seat: String((index % SEATS_PER_ROW) + 1) };
}

/** The plan of a hall that nobody has drawn: rows of ten in one section without a name, a level for each price. */
export function generatePlan(prices: readonly number[]): SeatPlan {
  const levels = [...new Set(prices)];
  const rows = Array.from({ length: Math.ceil(prices.length / SEATS_PER_ROW) }, (_, y) => ({
    label: letterOf(y),
    seats: prices.slice(y * SEATS_PER_ROW, (y + 1) * SEATS_PER_ROW).map((price, x) => ({
      label: String(x + 1),
      x,
      y,
      attributes: [],
      level: String(levels.indexOf(price) + 1),
    })),
  }));
  return { name: '', sections: [{ name: '', rows }], levels: levels.map((_, index) => ({ name: String(index + 1) })) };
}

/** The plans of halls. Every method throws a Fault `STORE_UNAVAILABLE` when the database does not answer. */
export interface SeatPlans {
  /** Answers synchronously from memory after the first look-up. Null for an unknown version. */
  findVersion(key: PlanKey): SeatPlan | null | Promise<SeatPlan | null>;
  find(planId: number): Promise<SeatPlanSummary | null>;
  /** Newest first; the cursor is the last one's id. */
  list(page: PageRequest): Promise<Page<SeatPlanSummary>>;
  /** The price of each seat of a schedule, in won and in order of number; empty for an unknown schedule. */
  readPrices(scheduleId: number): Promise<readonly number[]>;
  create(plan: SeatPlan, act: AdminAct<StoredPlan>): Promise<ActResult<StoredPlan>>;
  /** Refuses an unknown plan with SEAT_PLAN_NOT_FOUND. The plan takes the name of its newest version. */
  addVersion(planId: number, plan: SeatPlan, act: AdminAct<StoredPlan>): Promise<ActResult<StoredPlan>>;
}

/** A version of a plan with its seats. */
export interface StoredPlan {
  readonly summary: SeatPlanSummary;
  readonly version: PlanVersion;
  readonly plan: SeatPlan;
}
