import type { CompletedToken } from '../../src/domain/queue-token.ts';
import { randomUUID } from 'node:crypto';
import type { Command, CommandRouter, Grants, HoldSeats, PayReservations, Reply } from '../../src/actors/command.ts';
import type { FaultCode, RejectionCode, RejectionMembers } from '../../src/domain/errors.ts';
import type { Grant, GrantOf, IdempotencyRecords, RecordedGrant } from '../../src/domain/grant.ts';
import type { IdempotencyClaim } from '../../src/domain/idempotency.ts';
import type { Page, PageRequest } from '../../src/domain/page.ts';
import type { Payment, PaymentRecords } from '../../src/domain/payment.ts';
import type { Reservation, ReservationRecords, ReservationStatus } from '../../src/domain/reservation.ts';
import { BALANCE_LIMIT_WON, type WalletEntry, type Wallets } from '../../src/domain/wallet.ts';
import type { FakeCatalogue } from './fake-catalogue.ts';

const HOLD_TTL_MS = 300_000;
const SEATS_PER_USER = 4;

interface OwnedReservation extends Reservation {
  readonly userId: string;
}
interface OwnedPayment extends Payment {
  readonly userId: string;
}

export interface FakeSales {
  readonly router: CommandRouter;
  readonly reservations: ReservationRecords;
  readonly payments: PaymentRecords;
  readonly wallets: Wallets;
  readonly idempotency: IdempotencyRecords;
  readonly rows: {
    readonly reservations: Map<string, OwnedReservation>;
    readonly payments: Map<string, OwnedPayment>;
    readonly entries: Map<string, WalletEntry[]>;
    readonly keys: Map<string, RecordedGrant>;
  };
  readonly dispatched: Command[];
  /** Called before a command is decided; what it returns is answered instead. */
  before: ((command: Command) => Promise<Reply | null>) | null;
  seats(scheduleId: number): number;
}

/** Schedules' owners, wallets and records in memory: decisions are made at once and are durable by being made. */
export function createFakeSales(
  nowMs: () => number,
  catalogue: () => FakeCatalogue,
  isUser: (userId: string) => boolean,
  tokenIdOf: (userId: string, concertId: number) => string | null,
): FakeSales {
  const rows: FakeSales['rows'] = {
    reservations: new Map(),
    payments: new Map(),
    entries: new Map(),
    keys: new Map(),
  };
  const dispatched: Command[] = [];
  const seqs = new Map<number, number>();
  const now = (): string => new Date(nowMs()).toISOString();
  const nextSeq = (scheduleId: number): number => {
    const seq = (seqs.get(scheduleId) ?? 0) + 1;
    seqs.set(scheduleId, seq);
    return seq;
  };
  const isLive = ({ status }: Reservation): boolean => status === 'HELD' || status === 'CONFIRMED';
  const liveOf = (scheduleId: number): OwnedReservation[] =>
    [...rows.reservations.values()].filter((row) => row.scheduleId === scheduleId && isLive(row));
  const view = (row: OwnedReservation): Reservation => {
    const { userId: _, ...reservation } = row;
    return reservation;
  };
  const viewPayment = (row: OwnedPayment): Payment => {
    const { userId: _, ...payment } = row;
    return payment;
  };
  const record = (userId: string, claim: IdempotencyClaim | null, grant: Grant): void => {
    if (claim !== null) rows.keys.set(`${userId} ${claim.key}`, { fingerprint: claim.fingerprint, grant });
  };
  const balanceOf = (userId: string): number => rows.entries.get(userId)?.at(-1)?.balanceAfter ?? 0;

  function book(userId: string, type: WalletEntry['type'], amount: number, paymentId: string | null): number {
    const entries = rows.entries.get(userId) ?? [];
    const balanceAfter = balanceOf(userId) + amount;
    entries.push({
      entryId: entries.length + 1,
      type,
      amount,
      balanceAfter,
      paymentId,
      description: type,
      createdAt: now(),
    });
    rows.entries.set(userId, entries);
    return balanceAfter;
  }

  function change(row: OwnedReservation, status: ReservationStatus, more: Partial<OwnedReservation> = {}) {
    const changed: OwnedReservation = { ...row, status, ...more, seq: nextSeq(row.scheduleId) };
    rows.reservations.set(row.reservationId, changed);
    return changed;
  }

  function expireDue(scheduleId: number): number {
    const due = liveOf(scheduleId).filter(
      (row) => row.status === 'HELD' && row.expiresAt !== null && Date.parse(row.expiresAt) <= nowMs(),
    );
    for (const row of due) change(row, 'EXPIRED');
    return due.length;
  }

  function hold({ scheduleId, userId, seatNumbers, claim }: HoldSeats): Reply<HoldSeats> {
    const schedule = catalogue().schedules.get(scheduleId);
    if (schedule === undefined) return refuse('SCHEDULE_NOT_FOUND');
    const live = liveOf(scheduleId);
    const ownHeld = (seatNumber: number) =>
      live.find((row) => row.seatNumber === seatNumber && row.userId === userId && row.status === 'HELD');
    const fresh = seatNumbers.filter((seatNumber) => ownHeld(seatNumber) === undefined);
    if (live.filter((row) => row.userId === userId).length + fresh.length > SEATS_PER_USER) {
      return refuse('SEAT_LIMIT_REACHED', { seq: seqs.get(scheduleId) ?? 0 });
    }
    const taken = fresh.filter((seatNumber) => live.some((row) => row.seatNumber === seatNumber));
    if (taken.length > 0) {
      return refuse('SEAT_TAKEN', { seatNumbers: taken, epoch: 1, seq: seqs.get(scheduleId) ?? 0 });
    }
    const reservations = seatNumbers.map((seatNumber) => {
      const own = ownHeld(seatNumber);
      if (own !== undefined) return view(own);
      const row: OwnedReservation = {
        reservationId: randomUUID(),
        userId,
        concertId: schedule.concertId,
        scheduleId,
        startsAt: new Date(schedule.startsAtMs).toISOString(),
        seatNumber,
        price: schedule.prices[seatNumber - 1] ?? 0,
        status: 'HELD',
        createdAt: now(),
        expiresAt: new Date(Math.min(nowMs() + HOLD_TTL_MS, schedule.startsAtMs)).toISOString(),
        confirmedAt: null,
        paymentId: null,
        epoch: 1,
        seq: nextSeq(scheduleId),
      };
      rows.reservations.set(row.reservationId, row);
      return view(row);
    });
    const type = fresh.length === 0 ? 'SeatsAlreadyHeld' : 'SeatsHeld';
    const grant: Grants['HoldSeats'] = { type, value: reservations };
    record(userId, claim, grant);
    return { outcome: 'granted', value: grant };
  }

  const completedTokens = new Map<string, CompletedToken>();

  function datesOf(concertId: number): number[] {
    return [...catalogue().schedules.values()]
      .filter((schedule) => schedule.concertId === concertId)
      .map(({ scheduleId }) => scheduleId);
  }

  function pay(command: PayReservations): Reply<PayReservations> {
    const { scheduleId, userId, paymentId, reservationIds, claim } = command;
    const found = reservationIds.map((id) => rows.reservations.get(id));
    const mine = found.filter((row) => row !== undefined && row.userId === userId).filter((row) => row !== undefined);
    if (mine.length < found.length) return refuse('RESERVATION_NOT_FOUND');
    const earlier = mine[0]?.paymentId ?? null;
    if (earlier !== null && mine.every((row) => row.paymentId === earlier && row.status === 'CONFIRMED')) {
      return { outcome: 'granted', value: { alreadyPaid: earlier } };
    }
    if (mine.every((row) => row.status === 'EXPIRED')) return refuse('RESERVATION_EXPIRED');
    const odd = mine.find((row) => row.status !== 'HELD');
    if (odd !== undefined) return refuse('RESERVATION_NOT_HELD', { status: odd.status });
    const amount = mine.reduce((sum, row) => sum + row.price, 0);
    const balance = balanceOf(userId);
    if (balance < amount) return refuse('INSUFFICIENT_BALANCE', { amount, balance });
    const paidAt = now();
    const paid = mine.map((row) => view(change(row, 'CONFIRMED', { expiresAt: null, confirmedAt: paidAt, paymentId })));
    const payment: Payment = {
      paymentId,
      status: 'COMPLETED',
      concertId: mine[0]?.concertId ?? 0,
      scheduleId,
      amount,
      reservations: paid,
      paidAt,
      refundedAt: null,
    };
    rows.payments.set(paymentId, { ...payment, userId });
    const remainingBalance = book(userId, 'PAYMENT', -amount, paymentId);
    const grant: GrantOf<'PaymentCompleted'> = { type: 'PaymentCompleted', value: { ...payment, remainingBalance } };
    record(userId, claim, grant);
    const stillHolds = liveOf(scheduleId).some((row) => row.userId === userId && row.status === 'HELD');
    const tokenId = stillHolds ? null : tokenIdOf(userId, payment.concertId);
    const completedToken =
      tokenId === null ? null : { tokenId, endedAtMs: Date.parse(paidAt), scheduleIds: datesOf(payment.concertId) };
    if (completedToken !== null) completedTokens.set(`${userId} ${payment.concertId}`, completedToken);
    return { outcome: 'granted', value: { grant, completedToken } };
  }

  function refund(userId: string, paymentId: string, claim: IdempotencyClaim | null): Reply {
    const row = rows.payments.get(paymentId);
    if (row?.userId !== userId) return refuse('PAYMENT_NOT_FOUND');
    if (row.status === 'REFUNDED') return { outcome: 'granted', value: { alreadyRefunded: true } };
    const reservations = row.reservations.map(({ reservationId, ...rest }) => {
      const live = rows.reservations.get(reservationId) ?? { reservationId, userId, ...rest };
      return view(change(live, 'REFUNDED'));
    });
    const refunded = { ...row, status: 'REFUNDED' as const, refundedAt: now(), reservations };
    rows.payments.set(paymentId, refunded);
    const payment = viewPayment(refunded);
    const remainingBalance = book(userId, 'REFUND', row.amount, paymentId);
    const grant: GrantOf<'PaymentRefunded'> = { type: 'PaymentRefunded', value: { ...payment, remainingBalance } };
    record(userId, claim, grant);
    return { outcome: 'granted', value: { grant, completedToken: null } };
  }

  function decide(command: Command): Reply {
    const { scheduleId } = command;
    const schedule = catalogue().schedules.get(scheduleId);
    if (schedule === undefined) return refuse('SCHEDULE_NOT_FOUND');
    const ended = expireDue(scheduleId);
    switch (command.type) {
      case 'HoldSeats':
        return hold(command);
      case 'HoldBestSeats': {
        const taken = new Set(liveOf(scheduleId).map(({ seatNumber }) => seatNumber));
        const free = Array.from({ length: schedule.totalSeats }, (_, index) => index + 1).filter((n) => !taken.has(n));
        return hold({ ...command, type: 'HoldSeats', seatNumbers: free.slice(0, command.count) });
      }
      case 'PayReservations':
        return pay(command);
      case 'RefundPayment':
        return refund(command.userId, command.paymentId, command.claim);
      case 'ExtendHolds': {
        const mine = liveOf(scheduleId).filter((row) => row.userId === command.userId && row.status === 'HELD');
        if (mine.length === 0) return refuse('RESERVATION_NOT_FOUND');
        const expiresAt = new Date(nowMs() + HOLD_TTL_MS).toISOString();
        const value = mine.map((row) => view(change(row, 'HELD', { expiresAt })));
        const grant: GrantOf<'HoldsExtended'> = { type: 'HoldsExtended', value };
        record(command.userId, command.claim, grant);
        return { outcome: 'granted', value: grant };
      }
      case 'ReleaseHold': {
        const row = rows.reservations.get(command.reservationId);
        if (row?.userId !== command.userId) return refuse('RESERVATION_NOT_FOUND');
        if (row.status !== 'HELD') return refuse('RESERVATION_NOT_HELD', { status: row.status });
        return { outcome: 'granted', value: { type: 'HoldReleased', value: view(change(row, 'CANCELLED')) } };
      }
      case 'EndToken': {
        if (command.end === 'COMPLETED') return { outcome: 'granted', value: { cancelled: 0 } };
        const before = command.heldBeforeMs ?? Number.POSITIVE_INFINITY;
        const mine = liveOf(scheduleId).filter(
          (row) => row.userId === command.userId && row.status === 'HELD' && Date.parse(row.createdAt) < before,
        );
        for (const row of mine) change(row, 'CANCELLED');
        return { outcome: 'granted', value: { cancelled: mine.length } };
      }
      // The fake's hall has no organisers' acts; real services test them.
      case 'BlockSeats':
      case 'UnblockSeats':
      case 'CompSeat':
      case 'MoveReservation':
        return refuse('SEAT_TAKEN', { seatNumbers: [1], epoch: 1, seq: 1 });
      case 'ReloadSchedule':
        return { outcome: 'granted', value: { epoch: 1 } };
      case 'WakeSchedule':
        return { outcome: 'granted', value: { ended } };
      case 'ReadSeatMap': {
        const live = new Map(liveOf(scheduleId).map((row) => [row.seatNumber, row]));
        const seats = schedule.prices.map((price, index) => {
          const row = live.get(index + 1);
          const status = row?.status === 'HELD' || row?.status === 'CONFIRMED' ? row.status : ('AVAILABLE' as const);
          return {
            seatNumber: index + 1,
            price,
            status,
            heldUntil: row?.expiresAt ?? null,
            userId: row?.userId ?? null,
            seq: seqs.get(scheduleId) ?? 0,
          };
        });
        const availableSeats = seats.length - live.size;
        return {
          outcome: 'granted',
          value: { scheduleId, epoch: 1, seq: seqs.get(scheduleId) ?? 0, availableSeats, seats },
        };
      }
    }
  }

  function pageOf<T>(items: readonly T[], keyOf: (item: T) => string, { limit, after }: PageRequest): Page<T> {
    const start = after === null ? 0 : items.findIndex((item) => keyOf(item) === after) + 1;
    const page = items.slice(start, start + limit);
    const last = page.at(-1);
    return { items: page, nextCursor: start + limit < items.length && last !== undefined ? keyOf(last) : null };
  }

  const fake: FakeSales = {
    rows,
    dispatched,
    before: null,
    seats: (scheduleId) => liveOf(scheduleId).length,
    router: {
      async dispatch<C extends Command>(command: C): Promise<Reply<C>> {
        dispatched.push(command);
        const instead = fake.before === null ? null : await fake.before(command);
        const reply = instead ?? decide(command);
        if (!isReplyTo(command, reply)) throw new Error('a reply of another kind');
        return reply;
      },
    },
    reservations: {
      async find(id) {
        const row = rows.reservations.get(id);
        return row === undefined ? null : view(row);
      },
      async findMany(userId, ids) {
        return ids
          .map((id) => rows.reservations.get(id))
          .filter((row) => row !== undefined)
          .filter((row) => row.userId === userId)
          .map(view);
      },
      async findNewestOfSeat(userId, scheduleId, seatNumber) {
        const mine = [...rows.reservations.values()].filter(
          (row) => row.userId === userId && row.scheduleId === scheduleId && row.seatNumber === seatNumber,
        );
        const newest = mine.at(-1);
        return newest === undefined ? null : view(newest);
      },
      async list(userId, status, page) {
        const mine = [...rows.reservations.values()]
          .filter((row) => row.userId === userId && (status === null || row.status === status))
          .map(view)
          .reverse();
        return pageOf(mine, ({ reservationId }) => reservationId, page);
      },
      findDatesOfEnd: async ({ concertId }, endedAtMs) => ({
        scheduleIds: datesOf(concertId),
        laterTokenIssuedAtMs: endedAtMs,
      }),
      findCompletedToken: async (userId, concertId) => completedTokens.get(`${userId} ${concertId}`) ?? null,
    },
    payments: {
      async find(userId, paymentId) {
        const row = rows.payments.get(paymentId);
        if (row?.userId !== userId) return null;
        return viewPayment(row);
      },
      async list(userId, page) {
        const mine = [...rows.payments.values()]
          .filter((row) => row.userId === userId)
          .map(viewPayment)
          .reverse();
        return pageOf(mine, ({ paymentId }) => paymentId, page);
      },
    },
    wallets: {
      async balance(userId) {
        if (!isUser(userId)) return null;
        const last = rows.entries.get(userId)?.at(-1);
        return { userId, balance: balanceOf(userId), updatedAt: last?.createdAt ?? now() };
      },
      async charge(userId, amount, claim) {
        if (!isUser(userId)) return { ok: false, rejection: { code: 'USER_NOT_FOUND', members: {} } };
        const previousBalance = balanceOf(userId);
        if (previousBalance + amount > BALANCE_LIMIT_WON) {
          return { ok: false, rejection: { code: 'BALANCE_LIMIT', members: {} } };
        }
        const currentBalance = book(userId, 'CHARGE', amount, null);
        const entryId = rows.entries.get(userId)?.length ?? 0;
        const receipt = { entryId, previousBalance, currentBalance, createdAt: now() };
        record(userId, claim, { type: 'BalanceCharged', value: receipt });
        return { ok: true, value: receipt };
      },
      async history(userId, page) {
        return pageOf((rows.entries.get(userId) ?? []).toReversed(), ({ entryId }) => String(entryId), page);
      },
    },
    idempotency: {
      async find(userId, key) {
        return rows.keys.get(`${userId} ${key}`) ?? null;
      },
      async record(userId, claim, grant) {
        if (rows.keys.has(`${userId} ${claim.key}`)) return false;
        record(userId, claim, grant);
        return true;
      },
    },
  };
  return fake;
}

export function refuse(code: RejectionCode, members: RejectionMembers = {}): Reply<never> {
  return { outcome: 'refused', rejection: { code, members } };
}

export function failure(code: FaultCode, effect: 'none' | 'unknown'): Reply<never> {
  return { outcome: 'failed', code, effect };
}

/** What each command's grant has, so that a fake's reply is not taken for another's. */
const GRANT_MEMBER: { readonly [Type in Command['type']]: readonly string[] } = {
  HoldSeats: ['type'],
  HoldBestSeats: ['type'],
  ExtendHolds: ['type'],
  ReleaseHold: ['type'],
  EndToken: ['cancelled'],
  PayReservations: ['grant', 'alreadyPaid'],
  RefundPayment: ['grant', 'alreadyRefunded'],
  ReadSeatMap: ['seats'],
  BlockSeats: ['changed'],
  UnblockSeats: ['changed'],
  CompSeat: ['amount'],
  MoveReservation: ['reservationId'],
  WakeSchedule: ['ended'],
  ReloadSchedule: ['epoch'],
};

function isReplyTo<C extends Command>(command: C, reply: Reply): reply is Reply<C> {
  if (reply.outcome !== 'granted') return true;
  const value: Grants[Command['type']] = reply.value;
  return GRANT_MEMBER[command.type].some((member) => member in value);
}
