/** A change of a seat as an answer names it. */
export interface GrantedChange {
  readonly reservationId: string;
  readonly seatNumber: number;
  readonly status: string;
  readonly epoch: number;
  readonly seq: number;
}

/** A seat map as it was shown to one user, small enough to keep hundreds of thousands. */
export interface SeatView {
  readonly epoch: number;
  readonly seq: number;
  /** Seat after seat: A available, B blocked, H held, C confirmed; in lower case where it is the reader's own. */
  readonly seats: string;
  /** A checksum over the ends of the holds, see `holdEndsOf`. */
  readonly holdEnds: number;
}

/** The request, and the part of the answer that the judge uses. */
export type Matter =
  | {
      readonly kind: 'hold';
      readonly scheduleId: number;
      readonly seatNumbers: readonly number[];
      readonly granted: readonly GrantedChange[];
      /** SEAT_TAKEN. */
      readonly taken: { readonly seatNumbers: readonly number[]; readonly epoch: number; readonly seq: number } | null;
    }
  | { readonly kind: 'extend'; readonly scheduleId: number; readonly granted: readonly GrantedChange[] }
  | {
      readonly kind: 'release';
      readonly scheduleId: number;
      readonly reservationId: string;
      readonly granted: readonly GrantedChange[];
    }
  | {
      readonly kind: 'pay';
      readonly scheduleId: number;
      readonly reservationIds: readonly string[];
      readonly paymentId: string | null;
      readonly amount: number;
      readonly granted: readonly GrantedChange[];
    }
  | {
      readonly kind: 'refund';
      readonly scheduleId: number;
      readonly paymentId: string;
      readonly granted: readonly GrantedChange[];
    }
  /** The user's own reservations of the schedule, as the database has them. */
  | { readonly kind: 'list'; readonly scheduleId: number; readonly granted: readonly GrantedChange[] }
  | { readonly kind: 'map'; readonly scheduleId: number; readonly view: SeatView | null }
  | {
      readonly kind: 'charge';
      readonly amount: number;
      readonly entry: { readonly entryId: number; readonly currentBalance: number } | null;
    }
  /** `tokenId` as recorded in the database. */
  | { readonly kind: 'enter'; readonly concertId: number; readonly tokenId: string | null }
  | { readonly kind: 'leave'; readonly concertId: number };

/** Whether the operation was done: `unknown` where it was sent and nothing sure came back. */
export type Effect = 'done' | 'none' | 'unknown';

/** One request and its outcome. Times are milliseconds of the recording process's monotonic clock. */
export interface Operation {
  readonly userId: string;
  /** The node that was asked. */
  readonly node: string;
  /** Not later than its first byte was sent. */
  readonly startedAt: number;
  /** Not earlier than its answer had arrived whole; Infinity when none did. */
  readonly endedAt: number;
  /** Null when no answer came. */
  readonly status: number | null;
  /** The problem's code; null for 2xx and where there was no answer. */
  readonly code: string | null;
  readonly effect: Effect;
  /** Whether the answer is a new decision: no replay, and no look-up of an earlier one. */
  readonly isFresh: boolean;
  readonly key: string | null;
  readonly matter: Matter;
}

/** Operations that concern a schedule's seats. */
export type SeatMatter = Extract<Matter, { readonly scheduleId: number }>;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A checksum over seats that are held and the ends of their holds, in order of seat. */
export function holdEndsOf(holds: Iterable<readonly [seatNumber: number, heldUntilMs: number]>): number {
  let hash = FNV_OFFSET;
  for (const [seatNumber, heldUntilMs] of holds) {
    for (const part of [seatNumber, heldUntilMs >>> 0, Math.floor(heldUntilMs / 2 ** 32)]) {
      hash = Math.imul(hash ^ part, FNV_PRIME);
    }
  }
  return hash >>> 0;
}

/** An operation in words, short enough to read. */
export function describeOperation({ userId, node, startedAt, endedAt, status, code, matter }: Operation): string {
  const took = Number.isFinite(endedAt) ? `${(endedAt - startedAt).toFixed(0)} ms` : 'no answer';
  const { kind, ...rest } = matter;
  const said = JSON.stringify(rest, (_, value: unknown) => (value === null ? undefined : value));
  return `${kind} by ${userId} at ${node}, asked at ${startedAt.toFixed(1)} (${took}): ${status ?? '–'} ${code ?? ''} ${said}`;
}
