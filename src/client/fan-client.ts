import type { AccessToken, Payment, QueueToken } from './answers.ts';
import { createCalls } from './calls.ts';
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
  const { send, change } = createCalls(requests, token);
  return {
    ...createHolderClient(requests, token),
    renewToken: (call) =>
      send({ operation: 'renewToken', method: 'POST', path: '/me/token', effect: 'idempotent' }, call),
    enterQueue(concertId, call) {
      const request = { operation: 'enterQueue', method: 'POST', path: '/queue/tokens', body: { concertId } } as const;
      // A repeated entry returns the token of the first one.
      return send({ ...request, effect: 'idempotent' }, call);
    },
    refund: (paymentId, call) => change('refund', `/payments/${encodeURIComponent(paymentId)}/refund`, undefined, call),
  };
}
