import type { FaultCode, FaultEffect, Rejection } from '../domain/errors.ts';
import type { GrantOf } from '../domain/grant.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import type { OwnerAct } from '../domain/owner-act.ts';
import type { Payment } from '../domain/payment.ts';
import type { CompletedToken } from '../domain/queue-token.ts';
import type { ChangedSeats, Reservation, SeatStatus } from '../domain/reservation.ts';
import type { TokenEnd } from './ended-tokens.ts';

/**
 * What can be asked of a schedule's owner. Commands and replies are plain data: they travel between nodes as they are.
 * Ids are canonical before they get here: lower-case UUIDs and positive integers.
 */
export interface HoldSeats {
  readonly type: 'HoldSeats';
  readonly scheduleId: number;
  readonly userId: string;
  /** The queue token that it is asked under. */
  readonly tokenId: string;
  /** When the sender found that token ACTIVE: epoch milliseconds, a lower bound of the database's clock. */
  readonly admittedAtMs: number;
  /** Different numbers, in the order in which the grant lists them. */
  readonly seatNumbers: readonly number[];
  /** The user declares the need of an accessible seat. */
  readonly isAccessible?: boolean;
  readonly claim: IdempotencyClaim | null;
}

/** Which seats of a hall will do; null for any. */
export interface SeatFilter {
  /** The name of a section of the plan. */
  readonly section: string | null;
  /** The name of a price level of the plan. */
  readonly level: string | null;
  /** No seat costs more, in won. */
  readonly maxPrice: number | null;
}

/** The owner chooses the seats when it decides, so no client is refused while there are seats that would do. */
export interface HoldBestSeats {
  readonly type: 'HoldBestSeats';
  readonly scheduleId: number;
  readonly userId: string;
  readonly tokenId: string;
  /** As in HoldSeats. */
  readonly admittedAtMs: number;
  /** How many seats, 1 to 10. */
  readonly count: number;
  /** Only seats side by side will do. */
  readonly isTogether: boolean;
  readonly filter: SeatFilter;
  /** As in HoldSeats; an accessible seat is among the chosen ones where one is left. */
  readonly isAccessible?: boolean;
  readonly claim: IdempotencyClaim | null;
}

/** Gives the user's holds of the schedule more time, as far as their limits allow. */
export interface ExtendHolds {
  readonly type: 'ExtendHolds';
  readonly scheduleId: number;
  readonly userId: string;
  readonly tokenId: string;
  /** As in HoldSeats. */
  readonly admittedAtMs: number;
  readonly claim: IdempotencyClaim | null;
}

export interface ReleaseHold {
  readonly type: 'ReleaseHold';
  readonly scheduleId: number;
  readonly userId: string;
  readonly reservationId: string;
}

/**
 * A queue token has ended: the owner grants no hold under it from now on. One that was CANCELLED takes the user's holds with
 * it; a hold whose payment is being decided is left to the payment. Repeating it is harmless.
 */
export interface EndToken {
  readonly type: 'EndToken';
  readonly scheduleId: number;
  readonly userId: string;
  readonly tokenId: string;
  readonly end: TokenEnd;
  /** Holds from this instant on belong to a later token and stay; epoch milliseconds, null for none. */
  readonly heldBeforeMs: number | null;
}

export interface PayReservations {
  readonly type: 'PayReservations';
  readonly scheduleId: number;
  readonly userId: string;
  /** Chosen by the sender, new for every attempt. */
  readonly paymentId: string;
  readonly reservationIds: readonly string[];
  readonly claim: IdempotencyClaim | null;
}

export interface RefundPayment {
  readonly type: 'RefundPayment';
  readonly scheduleId: number;
  /** The payer. */
  readonly userId: string;
  readonly paymentId: string;
  /** An organiser may refund after the start too, but takes no balance above its limit. */
  readonly isByOrganiser: boolean;
  /** Of an organiser who refunds this payment alone. Null for the payer, and in a cancellation, which is in the log itself. */
  readonly act: OwnerAct | null;
  readonly claim: IdempotencyClaim | null;
}

/** Takes seats out of the sale. All of them, or none. */
export interface BlockSeats {
  readonly type: 'BlockSeats';
  readonly scheduleId: number;
  /** Different numbers. */
  readonly seatNumbers: readonly number[];
  readonly act: OwnerAct;
}

/** Puts blocked seats back. All of them, or none. */
export interface UnblockSeats {
  readonly type: 'UnblockSeats';
  readonly scheduleId: number;
  /** Different numbers. */
  readonly seatNumbers: readonly number[];
  readonly act: OwnerAct;
}

/** Gives a free seat to a user, who exists: a ticket of 0 won. */
export interface CompSeat {
  readonly type: 'CompSeat';
  readonly scheduleId: number;
  readonly userId: string;
  readonly seatNumber: number;
  /** Chosen by the sender, new for every attempt. */
  readonly paymentId: string;
  readonly act: OwnerAct;
}

/** Moves a live reservation to a free seat of the schedule. Its price stays. */
export interface MoveReservation {
  readonly type: 'MoveReservation';
  readonly scheduleId: number;
  readonly reservationId: string;
  readonly seatNumber: number;
  readonly act: OwnerAct;
}

export interface ReadSeatMap {
  readonly type: 'ReadSeatMap';
  readonly scheduleId: number;
}

/** Ends what is due. `alarm`: sent by the durable alarm; `demand`: a reader met a hold whose time is over. */
export interface WakeSchedule {
  readonly type: 'WakeSchedule';
  readonly scheduleId: number;
  readonly cause: 'alarm' | 'demand';
}

/**
 * An organiser has changed the times or prices of the schedule under a raised epoch. An owner of an earlier epoch loads the
 * schedule again before it answers.
 */
export interface ReloadSchedule {
  readonly type: 'ReloadSchedule';
  readonly scheduleId: number;
  readonly epoch: number;
}

export type Command =
  | HoldSeats
  | HoldBestSeats
  | ExtendHolds
  | ReleaseHold
  | EndToken
  | PayReservations
  | RefundPayment
  | BlockSeats
  | UnblockSeats
  | CompSeat
  | MoveReservation
  | ReadSeatMap
  | WakeSchedule
  | ReloadSchedule;

/**
 * One seat of a map; confirmed state only. `userId` is for marking the reader's own seats and never leaves the service;
 * neither does `seq`, that of the seat's last change, or a later one that is at most the map's.
 */
export interface MapSeat {
  readonly seatNumber: number;
  readonly price: number;
  readonly status: SeatStatus;
  /** ISO 8601 UTC; null unless HELD. */
  readonly heldUntil: string | null;
  readonly userId: string | null;
  readonly seq: number;
}

export interface SeatMap {
  readonly scheduleId: number;
  readonly epoch: number;
  readonly seq: number;
  /** The organiser has cancelled the date. */
  readonly isCancelled?: true;
  readonly availableSeats: number;
  readonly seats: readonly MapSeat[];
}

interface Settled {
  readonly grant: GrantOf<'PaymentCompleted' | 'PaymentRefunded'>;
  /** The payer's queue token, where the payment has ended it. */
  readonly completedToken: CompletedToken | null;
}

/** What the reply to each command that was granted holds. */
export interface Grants {
  HoldSeats: GrantOf<'SeatsHeld' | 'SeatsAlreadyHeld'>;
  HoldBestSeats: GrantOf<'SeatsHeld'>;
  ExtendHolds: GrantOf<'HoldsExtended'>;
  ReleaseHold: GrantOf<'HoldReleased'>;
  EndToken: { readonly cancelled: number };
  /** `alreadyPaid`: exactly these reservations were paid by this earlier payment of the caller; nothing was done. */
  PayReservations: Settled | { readonly alreadyPaid: string };
  /** `alreadyRefunded`: nothing was done. */
  RefundPayment: Settled | { readonly alreadyRefunded: true };
  BlockSeats: ChangedSeats;
  UnblockSeats: ChangedSeats;
  CompSeat: Payment;
  MoveReservation: Reservation;
  ReadSeatMap: SeatMap;
  WakeSchedule: { readonly ended: number };
  ReloadSchedule: { readonly epoch: number };
}

export type Reply<C extends Command = Command> =
  | { readonly outcome: 'granted'; readonly value: Grants[C['type']] }
  | { readonly outcome: 'refused'; readonly rejection: Rejection }
  | { readonly outcome: 'failed'; readonly code: FaultCode; readonly effect: FaultEffect }
  /** The claim was recorded by another request meanwhile: look it up, and answer from the record. */
  | { readonly outcome: 'key-taken' };

/** The schedule is another node's; nothing was done here. `owner`: whose by its head, or by its place; null when unknown. */
export interface Elsewhere {
  readonly outcome: 'elsewhere';
  readonly owner: string | null;
}

/**
 * Takes a command to the schedule's owner, wherever that is. Never rejects but for bugs: infrastructure failures are replies.
 * What can be answered at once is, without a promise: on a sold-out schedule that is nearly everything.
 * A schedule that does not exist is refused with SCHEDULE_NOT_FOUND and creates nothing.
 */
export interface CommandRouter {
  dispatch<C extends Command>(command: C): Reply<C> | Promise<Reply<C>>;
}
