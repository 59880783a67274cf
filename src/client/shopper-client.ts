import type { Holds, QueueToken, Reservation, Schedule, SeatMap, SeatStatus } from './answers.ts';
import { createHolderClient, type HolderClient } from './holder-client.ts';
import type { Call, Requests } from './requests.ts';

/**
 * What the owner of a queue token may do. Schedules, maps and holds need it ACTIVE: QUEUE_NOT_ACTIVE, with `queuePosition`, while it
 * waits, QUEUE_TOKEN_EXPIRED, _CANCELLED or _COMPLETED once it has ended. Every method rejects as `Requests.ask` does.
 */
export interface ShopperClient extends HolderClient {
  /** Where the token stands, also when it has ended. */
  status(call?: Call): Promise<QueueToken>;
  /** Asks to be admitted now. QUEUE_NOT_YOUR_TURN, with `queuePosition`. */
  activate(call?: Call): Promise<QueueToken>;
  /** Leaves the queue and gives up what is held in the concert. Repeating it changes nothing. */
  leave(call?: Call): Promise<void>;
  /** Open for reservation now with seats left; with `all` also those sold out or not yet open. SCHEDULE_NOT_FOUND when the concert has none. */
  schedules(concertId: number, options?: Call & { readonly all?: boolean }): Promise<readonly Schedule[]>;
  seats(scheduleId: number, options?: Call & { readonly status?: SeatStatus }): Promise<SeatMap>;
  /**
   * Holds 1 to 50 different seats, all or none. SEAT_TAKEN with `seatNumbers` of the taken ones, SEAT_LIMIT_REACHED,
   * SEAT_NOT_FOUND, RESERVATION_NOT_OPEN, BOOKING_CLOSED.
   */
  hold(scheduleId: number, seatNumbers: readonly number[], call?: Call): Promise<Holds>;
}

/** The status of an answer under which something was done just now. */
const CREATED = 201;

export function createShopperClient(requests: Requests, token: string): ShopperClient {
  const ownPath = `/queue/tokens/${encodeURIComponent(token)}`;

  async function read<T>(operation: string, path: string, call?: Call): Promise<T> {
    return (await requests.ask<T>({ operation, method: 'GET', path, token, effect: 'idempotent' }, call)).body;
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
    async hold(scheduleId, seatNumbers, call) {
      const body = { scheduleId, seatNumbers };
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
    },
  };
}
