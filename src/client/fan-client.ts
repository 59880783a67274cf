import type { AccessToken, Payment, QueueToken } from './answers.ts';
import { createHolderClient, type HolderClient } from './holder-client.ts';
import type { Call, Requests } from './requests.ts';

/** The calls of an access token's owner. Every method rejects as `Requests.ask` does. */
export interface FanClient extends HolderClient {
  /** Returns a new access token; the old one stays valid until it expires. */
  renewToken(call?: Call): Promise<AccessToken>;
  /**
   * Enters the concert's queue, or returns the fan's live token. The token is ACTIVE at once when there is room. Rejects with
   * CONCERT_NOT_FOUND, BOOKING_NOT_OPEN or BOOKING_CLOSED.
   */
  enterQueue(concertId: number, call?: Call): Promise<QueueToken>;
  /** Refunds the whole payment, at most once however often it is called. Rejects with REFUND_CLOSED from the start of the show. */
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
      // A repeated entry returns the token of the first one.
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
