import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { v7 as uuidv7 } from 'uuid';

/** A hold as a rival's database decides it. */
export interface HoldAttempt {
  readonly reservationId: string;
  readonly userId: string;
  readonly scheduleId: number;
  readonly concertId: number;
  readonly seatNumber: number;
  readonly createdAt: string;
  readonly expiresAt: string;
}

export type HoldOutcome =
  | { readonly outcome: 'held'; readonly price: number }
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'unknown-seat' };

export interface RivalSchedule {
  readonly concertId: number;
  readonly startsAt: string;
}

export interface RivalAppDeps {
  /** User by queue token. */
  readonly users: ReadonlyMap<string, string>;
  readonly schedules: ReadonlyMap<number, RivalSchedule>;
  readonly holdSeat: (attempt: HoldAttempt) => Promise<HoldOutcome>;
}

const HOLD_TTL_MS = 3_600_000;
const SEATS_MOST = 500;

export const holdBody = {
  type: 'object',
  additionalProperties: false,
  required: ['scheduleId', 'seatNumber'],
  properties: {
    scheduleId: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    seatNumber: { type: 'integer', minimum: 1, maximum: SEATS_MOST },
  },
} as const;

const nullableString = { type: ['string', 'null'] } as const;

const reservationAnswer = {
  type: 'object',
  required: ['reservationId', 'concertId', 'scheduleId', 'startsAt', 'seatNumber', 'price', 'status', 'createdAt'],
  properties: {
    reservationId: { type: 'string' },
    concertId: { type: 'integer' },
    scheduleId: { type: 'integer' },
    startsAt: { type: 'string' },
    seatNumber: { type: 'integer' },
    price: { type: 'integer' },
    status: { type: 'string' },
    createdAt: { type: 'string' },
    expiresAt: nullableString,
    confirmedAt: nullableString,
    paymentId: nullableString,
    epoch: { type: 'integer' },
    seq: { type: 'integer' },
  },
} as const;

interface HoldBody {
  readonly scheduleId: number;
  readonly seatNumber: number;
}

/** The Fastify settings that all rivals share: compiled schemas both ways, no logging. */
export function createBareApp(): FastifyInstance {
  return Fastify({
    logger: false,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
}

/**
 * `POST /api/v1/reservations` in front of a rival's database. The token look-up is a read of a map in memory, and the
 * schedules are in memory too: no step here costs a rival more than necessary.
 */
export function createRivalApp({ users, schedules, holdSeat }: RivalAppDeps): FastifyInstance {
  const app = createBareApp();
  app.post<{ Body: HoldBody }>(
    '/api/v1/reservations',
    { schema: { body: holdBody, response: { 201: reservationAnswer } } },
    async (request, reply) => {
      const userId = users.get((request.headers.authorization ?? '').slice('Bearer '.length));
      if (userId === undefined) return reply.code(401).send({ code: 'UNAUTHENTICATED' });
      const { scheduleId, seatNumber } = request.body;
      const schedule = schedules.get(scheduleId);
      if (schedule === undefined) return reply.code(404).send({ code: 'SCHEDULE_NOT_FOUND' });
      const nowMs = Date.now();
      const attempt: HoldAttempt = {
        reservationId: uuidv7(),
        userId,
        scheduleId,
        concertId: schedule.concertId,
        seatNumber,
        createdAt: new Date(nowMs).toISOString(),
        expiresAt: new Date(nowMs + HOLD_TTL_MS).toISOString(),
      };
      const decided = await holdSeat(attempt);
      if (decided.outcome === 'held') {
        return reply.code(201).send({
          ...attempt,
          startsAt: schedule.startsAt,
          price: decided.price,
          status: 'HELD',
          confirmedAt: null,
          paymentId: null,
          epoch: 1,
          seq: 1,
        });
      }
      return decided.outcome === 'taken'
        ? reply.code(409).send({ code: 'SEAT_TAKEN', seatNumbers: [seatNumber] })
        : reply.code(404).send({ code: 'SEAT_NOT_FOUND' });
    },
  );
  app.get('/healthz', async () => ({ status: 'ok' }));
  return app;
}
