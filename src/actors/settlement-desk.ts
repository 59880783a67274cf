import { BALANCE_LIMIT_WON } from '../domain/wallet.ts';
import type { GrantOf } from '../domain/grant.ts';
import type { ActToRecord } from '../domain/owner-act.ts';
import type { Reservation } from '../domain/reservation.ts';
import type { Reply } from './command.ts';
import type { ConfirmedSeats } from './confirmed-seats.ts';
import type { Change, Flush } from './flush.ts';
import type { PendingCommand } from './pending-command.ts';
import type { DoneSettlement, Settlement, SettlementBatch, SettlementResult } from './journal-port.ts';
import { type ScheduleFacts, viewReservation } from './reservation-view.ts';
import { applyEvent } from './seat.ts';
import type { SeatEvent } from './seat-event.ts';
import type { Standing } from './tentative-seats.ts';

/** An organiser's act that a settlement carries out. What it grants is the payment. */
export type SettlementAct = Omit<ActToRecord, 'value'>;

interface OpenSettlement {
  readonly pending: PendingCommand;
  readonly kind: 'PAYMENT' | 'REFUND';
  readonly paymentId: string;
  readonly userId: string;
  readonly amount: number;
  /** The organiser's act that it is part of; null for a user's own. */
  readonly act: SettlementAct | null;
  readonly standings: readonly Standing[];
  /**
   * The flush that gathered when it was taken up. That goes first: its answers were decided without this settlement, and
   * would carry numbers above it.
   */
  readonly behind: Flush | null;
}

interface TakenSettlement extends OpenSettlement {
  readonly at: number;
}

/** What a concluded batch of settlements means to the schedule. */
interface Conclusion {
  readonly events: readonly SeatEvent[];
  readonly changes: readonly Change[];
  readonly declined: readonly string[];
  readonly answers: readonly { readonly pending: PendingCommand; readonly reply: Reply }[];
  readonly done: { readonly payments: number; readonly refunds: number };
}

/**
 * The payments and refunds of one schedule from take-up to answer. The wallet decides them, in PostgreSQL; this keeps who
 * waits for which, and says what an outcome means.
 */
export class SettlementDesk {
  readonly #facts: ScheduleFacts;
  #open: OpenSettlement[] = [];
  #taken: TakenSettlement[] = [];
  #takenEpoch = 0;

  constructor(facts: ScheduleFacts) {
    this.#facts = facts;
  }

  get hasOpen(): boolean {
    return this.#open.length > 0;
  }

  /** Whether any may be taken while this flush gathers. */
  mayTake(gathered: Flush | null): boolean {
    return this.#open.some(({ behind }) => behind === null || behind !== gathered);
  }

  get isBusy(): boolean {
    return this.#taken.length > 0;
  }

  add({
    act = null,
    ...settlement
  }: Omit<OpenSettlement, 'amount' | 'act'> & { readonly act?: SettlementAct | null }): void {
    const amount = settlement.standings.reduce((sum, { live }) => sum + live.price, 0);
    this.#open.push({ ...settlement, amount, act });
  }

  take(
    limit: number,
    takenUsers: ReadonlySet<string>,
    gathered: Flush | null,
    confirmed: ConfirmedSeats,
    batchId: string,
    now: number,
  ): SettlementBatch | null {
    const users = new Set(takenUsers);
    const left: OpenSettlement[] = [];
    for (const open of this.#open) {
      const mustWait = open.behind !== null && open.behind === gathered;
      if (mustWait || this.#taken.length >= limit || users.has(open.userId)) {
        left.push(open);
        continue;
      }
      users.add(open.userId);
      this.#taken.push({ ...open, at: now });
    }
    this.#open = left;
    if (this.#taken.length === 0) return null;
    this.#takenEpoch = confirmed.epoch;
    return {
      scheduleId: this.#facts.scheduleId,
      concertId: this.#facts.concertId,
      epoch: confirmed.epoch,
      baseSeq: confirmed.seq,
      batchId,
      settlements: this.#taken.map((taken) => this.#describe(taken)),
      unsoldSeats: this.#mayCompleteSellOut(confirmed.unsold) ? confirmed.unsold : null,
    };
  }

  conclude(results: readonly SettlementResult[]): Conclusion {
    const byPayment = new Map(results.map((result) => [result.paymentId, result]));
    const paid: { readonly taken: TakenSettlement; readonly result: DoneSettlement }[] = [];
    const declined: string[] = [];
    const answers: { pending: PendingCommand; reply: Reply }[] = [];
    const untried: OpenSettlement[] = [];
    for (const taken of this.#taken) {
      const result = byPayment.get(taken.paymentId);
      if (result?.fate === 'done') {
        paid.push({ taken, result });
      } else if (result === undefined || result.fate === 'untried') {
        // The flush that it waited behind has gone.
        untried.push({ ...taken, behind: null });
      } else {
        declined.push(...taken.standings.map(({ live }) => live.reservationId));
        answers.push({ pending: taken.pending, reply: replyToVain(result, taken) });
      }
    }
    this.#open.unshift(...untried);
    paid.sort((a, b) => a.result.firstSeq - b.result.firstSeq);
    const events: SeatEvent[] = [];
    const changes: Change[] = [];
    for (const { taken, result } of paid) {
      const { firstSeq, balance, completedToken } = result;
      for (const [position, { seat, live }] of taken.standings.entries()) {
        events.push(settledEvent(taken, seat.seatNumber, live.reservationId));
        changes.push({ epoch: this.#takenEpoch, seq: firstSeq + position, flush: null, position });
      }
      const grant = this.#grantOf(taken, firstSeq, balance);
      answers.push({ pending: taken.pending, reply: { outcome: 'granted', value: { grant, completedToken } } });
    }
    this.#taken = [];
    const payments = paid.filter(({ taken }) => taken.kind === 'PAYMENT').length;
    return { events, changes, declined, answers, done: { payments, refunds: paid.length - payments } };
  }

  /** Whether this payment, or its refund, is being decided. */
  isDeciding(paymentId: string): boolean {
    return [...this.#taken, ...this.#open].some((settlement) => settlement.paymentId === paymentId);
  }

  /** The commands whose settlements are with the journal. */
  taken(): PendingCommand[] {
    return this.#taken.map(({ pending }) => pending);
  }

  /** Gives up the settlements that wait to be taken. */
  clearOpen(): void {
    this.#open = [];
  }

  /** Gives up all settlements: none of them was done. */
  clear(): void {
    this.#open = [];
    this.#taken = [];
  }

  #mayCompleteSellOut(unsold: number): boolean {
    let paid = 0;
    for (const { kind, standings } of this.#taken) if (kind === 'PAYMENT') paid += standings.length;
    return paid > 0 && paid >= unsold;
  }

  #describe(taken: TakenSettlement): Settlement {
    const { command } = taken.pending;
    const claim = command.type === 'PayReservations' || command.type === 'RefundPayment' ? command.claim : null;
    return {
      kind: taken.kind,
      paymentId: taken.paymentId,
      userId: taken.userId,
      amount: taken.amount,
      balanceLimit: command.type === 'RefundPayment' && command.isByOrganiser ? BALANCE_LIMIT_WON : null,
      at: taken.at,
      items: taken.standings.map(({ seat, live }) => ({
        reservationId: live.reservationId,
        seatNumber: seat.seatNumber,
      })),
      key: claim === null ? null : { userId: taken.userId, claim, grant: this.#grantOf(taken, 0, 0) },
      act: taken.act === null ? null : { ...taken.act, value: this.#grantOf(taken, 0, 0).value },
    };
  }

  #grantOf(
    taken: TakenSettlement,
    firstSeq: number,
    remainingBalance: number,
  ): GrantOf<'PaymentCompleted' | 'PaymentRefunded'> {
    const paidAt = taken.kind === 'PAYMENT' ? taken.at : (taken.standings[0]?.live.confirmedAt ?? taken.at);
    const { scheduleId, concertId } = this.#facts;
    return {
      type: taken.kind === 'PAYMENT' ? 'PaymentCompleted' : 'PaymentRefunded',
      value: {
        paymentId: taken.paymentId,
        status: taken.kind === 'PAYMENT' ? 'COMPLETED' : 'REFUNDED',
        concertId,
        scheduleId,
        amount: taken.amount,
        reservations: taken.standings.map((standing, position) => this.#viewItem(taken, standing, firstSeq + position)),
        paidAt: new Date(paidAt).toISOString(),
        refundedAt: taken.kind === 'PAYMENT' ? null : new Date(taken.at).toISOString(),
        remainingBalance,
      },
    };
  }

  #viewItem(taken: TakenSettlement, { seat, live }: Standing, seq: number): Reservation {
    const change = { epoch: this.#takenEpoch, seq };
    if (taken.kind === 'REFUND') return viewReservation(this.#facts, seat, live, 'REFUNDED', change);
    const confirmed = applyEvent(seat, settledEvent(taken, seat.seatNumber, live.reservationId)).live ?? live;
    return viewReservation(this.#facts, seat, confirmed, 'CONFIRMED', change);
  }
}

/** The answer to a settlement that changed nothing and is not tried again. */
function replyToVain(
  result: Exclude<SettlementResult, { fate: 'done' | 'untried' }>,
  { kind, amount }: TakenSettlement,
): Reply {
  switch (result.fate) {
    case 'not-covered':
      return {
        outcome: 'refused',
        rejection: {
          code: kind === 'PAYMENT' ? 'INSUFFICIENT_BALANCE' : 'BALANCE_LIMIT',
          members: { amount, balance: result.balance },
        },
      };
    case 'given-up':
      return { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' };
  }
}

function settledEvent(taken: TakenSettlement, seatNumber: number, reservationId: string): SeatEvent {
  const type = taken.kind === 'PAYMENT' ? 'CONFIRMED' : 'REFUNDED';
  return { type, seatNumber, reservationId, paymentId: taken.paymentId, at: taken.at };
}
