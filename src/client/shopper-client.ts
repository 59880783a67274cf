import type { Holds, QueueToken, Reservation, Schedule, SeatMap, SeatStatus } from './answers.ts';
import { createCalls } from './calls.ts';
import { createHolderClient, type HolderClient } from './holder-client.ts';
import type { Call, Requests } from './requests.ts';

/**
 * The calls of a queue token's owner. Schedules, maps and holds need an ACTIVE token: a waiting one is rejected with
 * QUEUE_NOT_ACTIVE and `queuePosition`, an ended one with QUEUE_TOKEN_EXPIRED, _CANCELLED or _COMPLETED. Every method rejects
 * as `Requests.ask` does.
 */
export interface ShopperClient extends HolderClient {
  /** The token with its position, also when it has ended. */
  status(call?: Call): Promise<QueueToken>;
  /** Asks for admission now. Rejects with QUEUE_NOT_YOUR_TURN and `queuePosition`. */
  activate(call?: Call): Promise<QueueToken>;
  /** Leaves the queue and releases the caller's holds in the concert. Repeating it changes nothing. */
  leave(call?: Call): Promise<void>;
  /**
   * The schedules that are open for reservation and have seats left; with `all` also sold-out and unopened ones. Rejects with
   * SCHEDULE_NOT_FOUND when the concert has no schedule.
   */
  schedules(concertId: number, options?: Call & { readonly all?: boolean }): Promise<readonly Schedule[]>;
  seats(scheduleId: number, options?: Call & { readonly status?: SeatStatus }): Promise<SeatMap>;
  /**
   * Holds 1 to 50 different seats, all or none. Rejects with SEAT_TAKEN and the taken `seatNumbers`, SEAT_LIMIT_REACHED,
   * SEAT_NOT_FOUND, RESERVATION_NOT_OPEN or BOOKING_CLOSED.
   */
  hold(scheduleId: number, seatNumbers: readonly number[], options?: Call & Need): Promise<Holds>;
  /**
   * Holds the best `count` seats, 1 to 10: front rows first, then the centre of the row. They are side by side unless
   * `together` is false. Rejects with NO_BLOCK and `largestBlock`, the most such seats side by side, and else as `hold`.
   */
  holdBest(scheduleId: number, wish: BestSeatsWish, call?: Call): Promise<Holds>;
  /**
   * Gives the caller's holds of the schedule more time and returns them. Rejects with EXTENSION_LIMIT_REACHED when none can
   * get more, and with RESERVATION_NOT_FOUND when there is none.
   */
  extend(scheduleId: number, call?: Call): Promise<readonly Reservation[]>;
}

/** A declaration of the user. */
interface Need {
  /** An accessible seat is needed. */
  readonly accessible?: boolean;
}

export interface BestSeatsWish extends Need {
  readonly count: number;
  readonly together?: boolean;
  /** The name of a section of the seat plan. */
  readonly section?: string;
  /** The name of a price level of the seat plan. */
  readonly level?: string;
  /** In won. */
  readonly maxPrice?: number;
  /** An accessible seat is needed: it is among the seats where one is left. */
  readonly accessible?: boolean;
}

/** The status of an answer whose request changed something. */
const CREATED = 201;

export function createShopperClient(requests: Requests, token: string): ShopperClient {
  const ownPath = `/queue/tokens/${encodeURIComponent(token)}`;

  const { read } = createCalls(requests, token);

  async function hold(body: object, call?: Call): Promise<Holds> {
    const request = {
      operation: 'hold',
      method: 'POST',
      path: '/reservations',
      token,
      body,
      effect: 'keyed',
    } as const;
    const answer = await requests.ask<{ reservations: readonly Reservation[] }>(request, call);
    return { reservations: answer.body.reservations, isNew: answer.status === CREATED };
  }

  return {
    ...createHolderClient(requests, token),
    status: (call) => read('status', '/queue/status', call),
    async activate(call) {
      const request = {
        operation: 'activate',
        method: 'PATCH',
        path: `${ownPath}/activate`,
        effect: 'idempotent',
      } as const;
      return (await requests.ask<QueueToken>(request, call)).body;
    },
    async leave(call) {
      await requests.ask<null>({ operation: 'leave', method: 'DELETE', path: ownPath, effect: 'idempotent' }, call);
    },
    async schedules(concertId, options) {
      const path = `/concerts/${concertId}/schedules${options?.all === true ? '?all=true' : ''}`;
      return (await read<{ schedules: readonly Schedule[] }>('schedules', path, options)).schedules;
    },
    seats(scheduleId, options) {
      const query = options?.status === undefined ? '' : `?status=${options.status}`;
      return read('seats', `/schedules/${scheduleId}/seats${query}`, options);
    },
    hold: (scheduleId, seatNumbers, { accessible, ...call } = {}) =>
      hold({ scheduleId, seatNumbers, ...(accessible === undefined ? {} : { accessible }) }, call),
    async extend(scheduleId, call) {
      const path = '/reservations/extend';
      const request = {
        operation: 'extend',
        method: 'POST',
        path,
        token,
        body: { scheduleId },
        effect: 'keyed',
      } as const;
      return (await requests.ask<{ reservations: readonly Reservation[] }>(request, call)).body.reservations;
    },
    holdBest: (scheduleId, wish, call) => hold({ scheduleId, ...wish }, call),
  };
}
