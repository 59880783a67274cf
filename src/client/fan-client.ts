import type { AccessToken, Payment, QueueToken } from './answers.ts';
import { createHolderClient, type HolderClient } from './holder-client.ts';
import type { Call, Requests } from './requests.ts';

/** What the owner of an access token may do. Every method rejects as `Requests.ask` does. */
export interface FanClient extends HolderClient {
  /** A fresh access token; the old one stays good until it expires. */
  renewToken(call?: Call): Promise<AccessToken>;
  /**
   * A place in the concert's queue, or the live one that the fan has: ACTIVE at once when there is room.
   * CONCERT_NOT_FOUND, BOOKING_NOT_OPEN, BOOKING_CLOSED.
   */
  enterQueue(concertId: number, call?: Call): Promise<QueueToken>;
  /** Gives the whole payment back: REFUNDED, once in effect however often it is asked for. REFUND_CLOSED from the start of the show. */
  refund(paymentId: string, call?: Call): Promise<Payment>;
}

export function createFanClient(requests: Requests, token: string): FanClient {
  return {
    ...createHolderClient(requests, token),
    async renewToken(call) {
      const request = {
        operation: 'renewToken',
        method: 'POST',
        path: '/me/token',
        token,
        effect: 'idempotent',
      } as const;
      return (await requests.ask<AccessToken>(request, call)).body;
    },
    async enterQueue(concertId, call) {
      // A second entry finds the first one's token.
      const request = {
        method: 'POST',
        path: '/queue/tokens',
        token,
        body: { concertId },
        effect: 'idempotent',
      } as const;
      return (await requests.ask<QueueToken>({ operation: 'enterQueue', ...request }, call)).body;
    },
    async refund(paymentId, call) {
      const path = `/payments/${encodeURIComponent(paymentId)}/refund`;
      const request = { operation: 'refund', method: 'POST', path, token, effect: 'keyed' } as const;
      return (await requests.ask<Payment>(request, call)).body;
    },
  };
}
