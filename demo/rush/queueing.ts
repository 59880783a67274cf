import { randomUUID } from 'node:crypto';
import type { LiveClient } from '../../src/client/live/live-client.ts';
import { ApiProblem, NetworkFailure } from '../../src/client/failures.ts';
import { signAccessToken } from '../../harness/service/access-tokens.ts';
import type { AcknowledgedSeat } from './acknowledgement.ts';
import { type Fan, inventEmail } from './fan.ts';
import { OUTAGE_LIMIT_MS } from './fans-client.ts';
import type { RushContext, Turn } from './rush-context.ts';

/** An impatient fan leaves after this many messages about the place. */
const IMPATIENT_PLACES = 3;
const AGAIN_AFTER_MS = 500;
/** Of the fans' access tokens, as if the operator's own accounts signed them in. */
const ISSUER = 'demo';

/**
 * Makes the fan known to the service: by a token of the operator's own issuer where the secret for it is known, else by
 * registering. A lost answer may have made the user already, so every attempt after one has a new address.
 */
export async function register({ client, stage, authSecret }: RushContext, fan: Fan): Promise<void> {
  if (authSecret !== null) {
    fan.userId = randomUUID();
    fan.accessToken = signAccessToken(fan.userId, authSecret, Math.floor(Date.now() / 1_000), ISSUER);
    return;
  }
  const deadlineMs = performance.now() + OUTAGE_LIMIT_MS;
  for (;;) {
    try {
      const { userId, accessToken } = await client.register({ name: fan.name, email: inventEmail() });
      fan.userId = userId;
      fan.accessToken = accessToken;
      return;
    } catch (error) {
      const mayBeDone = error instanceof NetworkFailure || (error instanceof ApiProblem && error.outcome === 'unknown');
      if (!mayBeDone || performance.now() > deadlineMs) throw error;
      await stage.pause(AGAIN_AFTER_MS);
    }
  }
}

/** Queues until it is the fan's turn; null when the fan left or the rush is over. */
export async function waitForTurn(context: RushContext, fan: Fan): Promise<Turn | null> {
  const { client, stage } = context;
  for (;;) {
    const { token, status } = await client.as(fan.accessToken).enterQueue(stage.concertId);
    const turn = { token, shopper: client.inQueue(token), live: client.live({ token: () => token }) };
    const end = status === 'ACTIVE' ? 'admitted' : await watchPlace(context, fan, turn.live);
    if (end === 'admitted') return turn;
    turn.live.close();
    if (end === 'given-up') {
      await leaveQueue(context, fan, turn, []);
      return null;
    }
    await stage.pause(AGAIN_AFTER_MS);
  }
}

/** The end of the wait for a turn: `ended` when the place is lost. */
function watchPlace(
  { stage, statistics }: RushContext,
  fan: Fan,
  live: LiveClient,
): Promise<'admitted' | 'ended' | 'given-up'> {
  let places = 0;
  return new Promise((resolve) => {
    const forget = stage.onEnd(() => resolve('given-up'));
    const settle = (end: 'admitted' | 'ended' | 'given-up'): void => {
      forget();
      resolve(end);
    };
    live.onState((state) => {
      if (state.type === 'reconnecting') {
        statistics.noteReconnect();
      } else if (state.type === 'closed') {
        settle('ended');
      }
    });
    live.queue((event) => {
      if (event.type === 'error') {
        // The client retries other errors.
        if (event.code.startsWith('QUEUE_TOKEN_') || event.code === 'UNAUTHENTICATED') settle('ended');
        return;
      }
      statistics.notePush();
      places += 1;
      if (event.status === 'ACTIVE') {
        settle('admitted');
      } else if (event.status !== 'WAITING') {
        settle('ended');
      } else if (fan.intention === 'impatient' && places >= IMPATIENT_PLACES) {
        settle('given-up');
      }
    });
  });
}

/** Leaves the queue, which cancels the fan's holds in the concert. */
export async function leaveQueue(
  { acknowledgements }: RushContext,
  fan: Fan,
  { shopper }: Turn,
  seats: readonly AcknowledgedSeat[],
): Promise<void> {
  await shopper.leave();
  const reservationIds = seats.map(({ reservationId }) => reservationId);
  acknowledgements.note({ kind: 'leave', userId: fan.userId, reservationIds });
}
