import { createHash, randomUUID } from 'node:crypto';
import type { Command, Reply } from '../../src/actors/command.ts';
import type { IdempotencyClaim } from '../../src/domain/idempotency.ts';
import { heldBy } from '../fixtures/owner-node.ts';
import type { Random } from './random.ts';

/** One command and what came of it. Turns order beginnings and ends: each gets the next one. */
export interface Operation {
  readonly command: Command;
  readonly beganAtTurn: number;
  readonly beganAtMs: number;
  endedAtTurn: number;
  endedAtMs: number;
  reply: Reply | null;
  error: unknown;
}

export interface Shoppers {
  readonly operations: readonly Operation[];
  readonly underWay: number;
  /** Sends one random command and does not wait for its reply. */
  act(): void;
}

export interface Market {
  readonly random: Random;
  readonly users: readonly string[];
  readonly scheduleIds: readonly number[];
  readonly seats: number;
  dispatch(command: Command): Promise<Reply>;
}

/** Users who do anything that the contract allows, with what earlier replies told them. */
export function createShoppers({ random, users, scheduleIds, seats, dispatch }: Market): Shoppers {
  const operations: Operation[] = [];
  const reservations: { readonly scheduleId: number; readonly userId: string; readonly reservationId: string }[] = [];
  const payments: { readonly scheduleId: number; readonly userId: string; readonly paymentId: string }[] = [];
  const claims: { readonly userId: string; readonly claim: IdempotencyClaim }[] = [];
  let turn = 0;
  let underWay = 0;

  function claimOf(userId: string): IdempotencyClaim | null {
    if (!random.chance(0.4)) return null;
    const used = claims.filter((entry) => entry.userId === userId);
    if (used.length > 0 && random.chance(0.1)) return random.pick(used).claim;
    const key = randomUUID();
    const claim = { key, fingerprint: createHash('sha256').update(key).digest('hex') };
    claims.push({ userId, claim });
    return claim;
  }

  /** The younger, the likelier. */
  function pickRecent<T>(list: readonly T[]): T | null {
    return list.length === 0 ? null : random.pick(list.slice(-8));
  }

  function hold(): Command {
    const userId = random.pick(users);
    const count = random.chance(0.5) ? 1 : 1 + random.below(4);
    if (random.chance(0.2)) return holdBest(userId);
    const numbers = new Set(Array.from({ length: count }, () => 1 + random.below(seats)));
    return {
      type: 'HoldSeats',
      scheduleId: random.pick(scheduleIds),
      userId,
      // Every hold has a token of its own: what ends in this history is holds, not the right to hold.
      tokenId: randomUUID(),
      admittedAtMs: Date.now(),
      seatNumbers: [...numbers],
      claim: claimOf(userId),
    };
  }

  function holdBest(userId: string): Command {
    return {
      type: 'HoldBestSeats',
      scheduleId: random.pick(scheduleIds),
      userId,
      tokenId: randomUUID(),
      admittedAtMs: Date.now(),
      count: 1 + random.below(4),
      isTogether: random.chance(0.7),
      filter: { section: null, level: null, maxPrice: null },
      claim: claimOf(userId),
    };
  }

  /** An organiser blocks, unblocks, gives away or moves. */
  function boxOffice(scheduleId: number): Command {
    const requestId = randomUUID();
    const claim = random.chance(0.3)
      ? { key: requestId, fingerprint: createHash('sha256').update(requestId).digest('hex') }
      : null;
    const act = { caller: 'root', requestId, claim, status: 200, reason: 'a reason' } as const;
    const seatNumber = 1 + random.below(seats);
    const reservation = pickRecent(reservations);
    const kind = random.below(10);
    if (kind < 2) {
      return { type: 'CompSeat', scheduleId, userId: random.pick(users), seatNumber, paymentId: randomUUID(), act };
    }
    if (kind < 6 && reservation !== null) {
      const { reservationId } = reservation;
      return { type: 'MoveReservation', scheduleId: reservation.scheduleId, reservationId, seatNumber, act };
    }
    const seatNumbers = [...new Set([seatNumber, 1 + random.below(seats)])];
    return { type: kind < 8 ? 'BlockSeats' : 'UnblockSeats', scheduleId, seatNumbers, act };
  }

  function choose(): Command {
    const kind = random.below(100);
    const scheduleId = random.pick(scheduleIds);
    const reservation = pickRecent(reservations);
    const payment = pickRecent(payments);
    if (kind < 12) return { type: 'ReadSeatMap', scheduleId };
    if (kind < 16) return { type: 'WakeSchedule', scheduleId, cause: random.pick(['alarm', 'demand']) };
    if (kind < 20) {
      const userId = random.pick(users);
      return { type: 'EndToken', scheduleId, userId, tokenId: randomUUID(), end: 'CANCELLED', heldBeforeMs: null };
    }
    if (kind < 30 && reservation !== null) return { type: 'ReleaseHold', ...reservation };
    if (kind < 50 && reservation !== null) {
      const companions = reservations
        .slice(-8)
        .filter((other) => other.userId === reservation.userId && other.scheduleId === reservation.scheduleId);
      const chosen = random.chance(0.5) ? [reservation] : companions;
      return {
        type: 'PayReservations',
        scheduleId: reservation.scheduleId,
        userId: reservation.userId,
        paymentId: randomUUID(),
        reservationIds: chosen.map(({ reservationId }) => reservationId),
        claim: claimOf(reservation.userId),
      };
    }
    if (kind < 60 && payment !== null)
      return { type: 'RefundPayment', ...payment, isByOrganiser: false, act: null, claim: claimOf(payment.userId) };
    if (kind < 65) {
      const userId = reservation?.userId ?? random.pick(users);
      const claim = claimOf(userId);
      return { type: 'ExtendHolds', scheduleId, userId, tokenId: randomUUID(), admittedAtMs: Date.now(), claim };
    }
    if (kind < 75) return boxOffice(scheduleId);
    return hold();
  }

  function learn({ command }: Operation, reply: Reply): void {
    if (reply.outcome !== 'granted') return;
    for (const { reservationId } of heldBy(reply)) {
      if (reservations.some((known) => known.reservationId === reservationId) || !('tokenId' in command)) continue;
      reservations.push({ scheduleId: command.scheduleId, userId: command.userId, reservationId });
    }
    if (command.type === 'PayReservations' || command.type === 'CompSeat') {
      const { scheduleId, userId, paymentId } = command;
      payments.push({ scheduleId, userId, paymentId });
    }
  }

  async function send(operation: Operation): Promise<void> {
    underWay += 1;
    try {
      const reply = await dispatch(operation.command);
      operation.reply = reply;
      learn(operation, reply);
    } catch (error) {
      operation.error = error;
    } finally {
      operation.endedAtTurn = turn += 1;
      operation.endedAtMs = performance.now();
      underWay -= 1;
    }
  }

  return {
    operations,
    get underWay() {
      return underWay;
    },
    act() {
      const operation: Operation = {
        command: choose(),
        beganAtTurn: (turn += 1),
        beganAtMs: performance.now(),
        endedAtTurn: Number.POSITIVE_INFINITY,
        endedAtMs: Number.POSITIVE_INFINITY,
        reply: null,
        error: null,
      };
      operations.push(operation);
      void send(operation);
    },
  };
}
