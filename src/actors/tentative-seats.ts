import type { ConfirmedSeats } from './confirmed-seats.ts';
import { type Change, type EndCause, Flush, laterChange } from './flush.ts';
import { EndedHolds } from './ended-holds.ts';
import { HoldDeadlines } from './hold-deadlines.ts';
import {
  decideHold,
  type HoldWish,
  isOwnHold,
  type LegalHold,
  type Refusal,
  SEAT_LIMIT_REACHED,
} from './hold-rules.ts';
import type { LiveReservation } from './live-reservation.ts';
import { RecentHolds, type RecentHold } from './recent-holds.ts';
import { type RunningMachine, startScheduleMachine } from './running-machine.ts';
import type { ScheduleState } from './schedule-machine.ts';
import type { BoxOfficeEvent, Extend, ResumedHold, ScheduleMachineEvent } from './schedule-machine-event.ts';
import { isBeingSettled, type Seat } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';

/** A live reservation with its seat and the change that its answer reports. */
export interface Standing {
  readonly seat: Seat;
  readonly live: LiveReservation;
  readonly change: Change;
}

export interface RefusedHold {
  readonly type: 'refused';
  readonly refusal: Refusal;
  readonly basis: Change | null;
}

/**
 * Everything that a schedule has decided, durable or not: the machine, which change each seat rests on, and the flush in
 * which new changes gather.
 *
 * TENTATIVE-1. Every event of the machine is in exactly one flush, in the order in which it was decided.
 * TENTATIVE-2. `changes[i]` is the last change of seat i + 1; an answer that rests on it may go out once its flush is durable.
 */
export class TentativeSeats {
  readonly #machine: RunningMachine;
  readonly #seatsPerUser: number;
  readonly #deadlines: HoldDeadlines;
  readonly #ends = new EndedHolds();
  readonly #recent: RecentHolds;
  #changes: Change[];
  #gathered: Flush | null = null;
  #inFlight: Flush | null = null;
  #lastExpiry: Change | null = null;

  constructor(
    confirmed: ConfirmedSeats,
    seatsPerUser: number,
    recent: readonly RecentHold[],
    onBug: (error: unknown) => void,
  ) {
    this.#recent = new RecentHolds(recent);
    this.#seatsPerUser = seatsPerUser;
    this.#machine = startScheduleMachine({ seats: confirmed.seats, seatsPerUser }, onBug);
    this.#changes = confirmed.changes.slice();
    this.#deadlines = new HoldDeadlines(confirmed.seats);
  }

  get seats(): readonly Seat[] {
    return this.#machine.hall.seats;
  }

  get state(): ScheduleState {
    return this.#machine.state;
  }

  /** Whether batches are taken, and tentative seats follow what becomes durable. */
  get mayWrite(): boolean {
    const { state } = this;
    return state === 'serving' || state === 'sealed';
  }

  get nextExpiry(): number | null {
    return this.#deadlines.next;
  }

  get gathered(): Flush | null {
    return this.#gathered;
  }

  get inFlight(): Flush | null {
    return this.#inFlight;
  }

  /** The newest end by time, or by the date's cancellation, that is not durable yet; null when all of them are. */
  get pendingExpiry(): Change | null {
    return this.#lastExpiry?.flush == null ? null : this.#lastExpiry;
  }

  /** How many changes are not durable yet. */
  get undurableChanges(): number {
    return (this.#inFlight?.changes.length ?? 0) + (this.#gathered?.changes.length ?? 0);
  }

  /** The newest change that is not durable yet; null when all of them are. */
  get lastUndurable(): Change | null {
    return this.#gathered?.changes.at(-1) ?? this.#inFlight?.changes.at(-1) ?? null;
  }

  /** The flush that gathers now, begun if need be. */
  gather(): Flush {
    this.#gathered ??= new Flush();
    return this.#gathered;
  }

  /** Moves what has gathered into flight; the schedule's latch keeps this from being called while a flush is there. */
  take(): Flush | null {
    const flush = this.#gathered;
    if (flush === null) return null;
    this.#gathered = null;
    this.#inFlight = flush;
    flush.nextExpiryAt = this.#deadlines.earliest(this.seats);
    return flush;
  }

  /** The flush in flight is durable. */
  land(): void {
    this.#inFlight?.markDurable();
    this.#inFlight = null;
  }

  /**
   * Whether the wish may be granted. Asked before `hold`, because in a rush nearly everything is taken, and an event that the
   * machine's guard refuses costs four times as much as this question.
   */
  decideHold(wish: HoldWish): LegalHold | RefusedHold {
    const decision = decideHold(this.#machine.hall, this.#seatsPerUser, wish);
    if (decision.type === 'legal') return decision;
    return { type: 'refused', refusal: decision, basis: this.#basisOfRefusal(decision, wish) };
  }

  /** The refusal of a hold of `count` seats that the user does not have yet; null where the limit allows it. */
  refuseBeyondLimit(userId: string, count: number): RefusedHold | null {
    if (this.#machine.hall.liveSeatsOf(userId) + count <= this.#seatsPerUser) return null;
    return { type: 'refused', refusal: SEAT_LIMIT_REACHED, basis: this.basisOf(this.#seatsOfUser(userId)) };
  }

  /** Holds seats for which `decideHold` agreed; null when the machine refuses all the same, as a broken one does. */
  hold(command: Extract<ScheduleMachineEvent, { type: 'HOLD' }>): readonly Standing[] | null {
    const events = this.#machine.send(command);
    if (events === null) return null;
    this.#record(events);
    const standings: Standing[] = [];
    for (const seatNumber of command.seatNumbers) {
      const standing = this.#standing(seatNumber);
      if (standing !== null) standings.push(standing);
    }
    return standings;
  }

  /** Of these seats, those that the user gave back within the minute before `at`; null for none. */
  resumed(userId: string, seats: readonly Seat[], at: number, totalMs: number): Map<number, ResumedHold> | null {
    let found: Map<number, ResumedHold> | null = null;
    for (const { seatNumber } of seats) {
      const firstHeldAt = this.#recent.firstHeldAt(userId, seatNumber, at);
      if (firstHeldAt !== null) (found ??= new Map()).set(seatNumber, { firstHeldAt, until: firstHeldAt + totalMs });
    }
    return found;
  }

  /** The seats that the user may not hold at `at`, having had them for as long as a user may. */
  usedUp(userId: string, at: number, totalMs: number): ReadonlySet<number> {
    const used = this.#recent.ofUser(userId, at).filter(({ firstHeldAt }) => firstHeldAt + totalMs <= at);
    return new Set(used.map(({ seatNumber }) => seatNumber));
  }

  /** The user's holds, in order of seat number. */
  holdsOf(userId: string): readonly Standing[] {
    return this.seats
      .filter((seat) => isOwnHold(seat, userId))
      .map((seat) => this.#standing(seat.seatNumber))
      .filter((standing) => standing !== null);
  }

  /** Extends the user's holds that may be; false when none may. */
  extend(event: Extend): boolean {
    const events = this.#machine.send(event);
    if (events === null) return false;
    this.#record(events);
    return true;
  }

  /** What an organiser has decided, in order; null when the machine refuses it. Nothing where nothing had to change. */
  applyBoxOffice(event: BoxOfficeEvent): readonly Change[] | null {
    const events = this.#machine.send(event);
    return events === null ? null : this.#record(events);
  }

  /** The cancelled hold's last standing with its ending change, or null when the user has no such hold. */
  release(userId: string, reservationId: string, at: number): Standing | null {
    const before = this.find(reservationId);
    const events = this.#machine.send({ type: 'RELEASE', userId, reservationId, at });
    if (events === null || before === null) return null;
    this.#rememberEnds([before.seat], events);
    const [change] = this.#record(events);
    return change === undefined ? null : { ...before, change };
  }

  /** Cancels the holds that the user made before `heldBefore`; how many. */
  cancelHolds(userId: string, heldBefore: number, at: number): number {
    const held = this.seats.filter((seat) => isOwnHold(seat, userId));
    const events = this.#machine.send({ type: 'CANCEL_HOLDS', userId, heldBefore, at }) ?? [];
    this.#rememberEnds(held, events);
    return this.#record(events).length;
  }

  /** Ends the holds whose deadline is at or before `dueBy`; how many. */
  expire(dueBy: number, cause: EndCause): number {
    const { next } = this.#deadlines;
    if (next === null || dueBy < next) return 0;
    const held = this.seats.filter(({ status }) => status === 'HELD');
    const events = this.#machine.send({ type: 'EXPIRE', dueBy }) ?? [];
    this.#rememberEnds(held, events);
    const changes = this.#record(events);
    if (changes.length > 0) this.gather().endedBy[cause] += changes.length;
    this.#lastExpiry = changes.at(-1) ?? this.#lastExpiry;
    this.#deadlines.refreshNext(this.seats);
    return changes.length;
  }

  /** Ends all holds of a cancelled date; how many. */
  cancelAllHolds(at: number): number {
    if (this.nextExpiry === null) return 0;
    const changes = this.#record(this.#machine.send({ type: 'CANCEL_ALL_HOLDS', at }) ?? []);
    this.#lastExpiry = changes.at(-1) ?? this.#lastExpiry;
    this.#deadlines.refreshNext(this.seats);
    return changes.length;
  }

  takeUpPayment(userId: string, reservationIds: readonly string[]): boolean {
    return this.#machine.send({ type: 'TAKE_UP_PAYMENT', userId, reservationIds }) !== null;
  }

  takeUpRefund(userId: string, paymentId: string): boolean {
    return this.#machine.send({ type: 'TAKE_UP_REFUND', userId, paymentId }) !== null;
  }

  /** Takes over committed settlements; `changes` are durable. */
  settle(events: readonly SeatEvent[], changes: readonly Change[]): void {
    this.#machine.send({ type: 'SETTLE', events });
    for (const [position, event] of events.entries()) {
      this.#deadlines.note(event);
      const change = changes[position];
      if (change !== undefined) this.#changes[event.seatNumber - 1] = change;
    }
  }

  decline(reservationIds: readonly string[]): void {
    this.#machine.send({ type: 'DECLINE', reservationIds });
    this.#deadlines.refreshNext(this.seats);
  }

  seal(): void {
    this.#machine.send({ type: 'SEAL' });
  }

  doubt(): void {
    this.#machine.send({ type: 'DOUBT' });
  }

  stall(): void {
    this.#machine.send({ type: 'STALL' });
  }

  /** Forgets what is not durable and goes on from the confirmed seats. */
  restore(confirmed: ConfirmedSeats): void {
    this.#machine.send({ type: 'RESTORE', seats: confirmed.seats });
    this.#changes = confirmed.changes.slice();
    this.#gathered = null;
    this.#inFlight = null;
    this.#lastExpiry = null;
    this.#deadlines.reset(confirmed.seats);
    this.#ends.forgetTentative();
  }

  /** Gives up what has gathered; what is in flight stays until its outcome. */
  lose(): void {
    this.#machine.send({ type: 'LOSE' });
    this.#gathered = null;
  }

  find(reservationId: string): Standing | null {
    const seat = this.seats.find((candidate) => candidate.live?.reservationId === reservationId);
    return seat === undefined ? null : this.#standing(seat.seatNumber);
  }

  /** The seats of a payment, in the order in which they were paid. */
  findPaid(paymentId: string): readonly Standing[] {
    return this.seats
      .filter((seat) => seat.live?.paymentId === paymentId)
      .map((seat) => this.#standing(seat.seatNumber))
      .filter((standing) => standing !== null)
      .sort((a, b) => a.change.seq - b.change.seq);
  }

  /** How a reservation ended, where it is remembered. */
  endOf(reservationId: string): ReturnType<EndedHolds['find']> {
    return this.#ends.find(reservationId);
  }

  /** Whether a settlement is being decided on any of these seats. */
  isAnyBeingSettled(seatNumbers: readonly number[], isMeant: (seat: Seat) => boolean): boolean {
    return seatNumbers.some((seatNumber) => {
      const seat = this.seats[seatNumber - 1];
      return seat !== undefined && isBeingSettled(seat) && isMeant(seat);
    });
  }

  /** The latest change of these seats, or null when all of them are durable. */
  basisOf(seatNumbers: readonly number[]): Change | null {
    return this.latest(seatNumbers.map((seatNumber) => this.#changes[seatNumber - 1]));
  }

  /** The latest of these changes in the order of the log, or null when all of them are durable. */
  latest(changes: readonly (Change | undefined)[]): Change | null {
    let latest: Change | null = null;
    for (const change of changes) {
      if (change === undefined || change.flush === null) continue;
      latest = latest === null ? change : laterChange(latest, change, this.#inFlight);
    }
    return latest;
  }

  /** A refusal rests on every seat that it names, and one for the limit on everything that the user has. */
  #basisOfRefusal(refusal: Refusal, { userId, seatNumbers }: HoldWish): Change | null {
    switch (refusal.code) {
      case 'SEAT_NOT_FOUND':
        return null;
      case 'SEAT_LIMIT_REACHED':
        return this.basisOf([...seatNumbers, ...this.#seatsOfUser(userId)]);
      default:
        return this.basisOf(seatNumbers);
    }
  }

  #record(events: readonly SeatEvent[]): readonly Change[] {
    if (events.length === 0) return [];
    const flush = this.gather();
    const { seats } = this;
    const changes: Change[] = [];
    for (const event of events) {
      const seat = seats[event.seatNumber - 1];
      if (seat === undefined) continue;
      const change = flush.add(event, seat);
      changes.push(change);
      this.#changes[event.seatNumber - 1] = change;
      this.#deadlines.note(event);
      if (event.type === 'EXPIRED' || event.type === 'CANCELLED') {
        this.#ends.remember(event.reservationId, { status: event.type, change });
      }
    }
    return changes;
  }

  /** `held`: the seats of the ended holds as they were before. */
  #rememberEnds(held: readonly Seat[], events: readonly SeatEvent[]): void {
    const lives = new Map(held.map(({ seatNumber, live }) => [seatNumber, live]));
    for (const { seatNumber, at: endedAt } of events) {
      const live = lives.get(seatNumber);
      if (live == null) continue;
      const firstHeldAt = live.firstHeldAt ?? live.createdAt;
      this.#recent.remember({ userId: live.userId, seatNumber, firstHeldAt, endedAt });
    }
  }

  #standing(seatNumber: number): Standing | null {
    const seat = this.seats[seatNumber - 1];
    const change = this.#changes[seatNumber - 1];
    if (seat === undefined || seat.live === null || change === undefined) return null;
    return { seat, live: seat.live, change };
  }

  #seatsOfUser(userId: string): number[] {
    return this.seats.filter((seat) => seat.live?.userId === userId).map((seat) => seat.seatNumber);
  }
}
