import { readInteger, readText } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Fan } from './fan.ts';
import { inventEmail } from './fan.ts';
import type { RushContext } from './rush-context.ts';

/** The demo's rush is quicker than a real one, so its fans look more often than `pollAfterMs` asks, but no more than this together. */
const POLLS_PER_SECOND = 800;
const SHORTEST_POLL_MS = 150;
const LONGEST_POLL_MS = 3_000;
/** How many looks an impatient fan takes before leaving. */
const IMPATIENT_LOOKS = 3;

/** Registers the fan. A lost answer may have made the user already, so every attempt after a refusal has a new address. */
export async function register({ client }: RushContext, fan: Fan): Promise<void> {
  for (;;) {
    const body = { name: fan.name, email: inventEmail() };
    const answer = await client.ask({ step: 'register', method: 'POST', path: '/users', token: null, body });
    if (answer.status === 201) {
      fan.userId = readText(answer.body, 'userId');
      fan.accessToken = readText(answer.body, 'accessToken');
      return;
    }
    if (answer.code !== 'EMAIL_TAKEN') {
      throw new Error(`A fan could not register: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
  }
}

/** Queues until it is the fan's turn. The queue token, or null when the fan left or there is nothing to wait for. */
export async function waitForTurn(context: RushContext, fan: Fan, crowd: number): Promise<string | null> {
  const { client, stage, random } = context;
  let looks = 0;
  let place = await enter(context, fan);
  for (;;) {
    const token = readText(place, 'token');
    const status = readText(place, 'status');
    if (status === 'ACTIVE') {
      return token;
    }
    if (status !== 'WAITING') {
      place = await enter(context, fan);
      continue;
    }
    if (stage.isOver() || (fan.intention === 'impatient' && looks >= IMPATIENT_LOOKS)) {
      await leaveQueue(context, fan, token, []);
      return null;
    }
    const { batch, intervalMs } = stage.policy;
    const expectedMs = (readInteger(place, 'queuePosition') / batch) * intervalMs;
    const politeMs = Math.min(LONGEST_POLL_MS, Math.max(SHORTEST_POLL_MS, (crowd / POLLS_PER_SECOND) * 1_000));
    const waitMs = Math.min(readInteger(place, 'pollAfterMs'), Math.max(SHORTEST_POLL_MS, expectedMs / 4), politeMs);
    await stage.pause(waitMs * (0.8 + random.next() * 0.4));
    looks += 1;
    const answer = await client.ask({ step: 'poll queue', method: 'GET', path: '/queue/status', token });
    if (answer.status !== 200) {
      throw new Error(`A place in the queue could not be read: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    place = answer.body;
  }
}

async function enter({ client, stage }: RushContext, fan: Fan): Promise<JsonObject> {
  const answer = await client.ask({
    step: 'enter queue',
    method: 'POST',
    path: '/queue/tokens',
    token: fan.accessToken,
    body: { concertId: stage.concertId },
  });
  if (answer.status !== 201 && answer.status !== 200) {
    throw new Error(`A fan was not let into the queue: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return answer.body;
}

/** Leaves the queue; what the fan holds in the concert is cancelled by that. */
export async function leaveQueue(
  { client, acknowledgements, statistics }: RushContext,
  fan: Fan,
  token: string,
  reservationIds: readonly string[],
): Promise<void> {
  const answer = await client.ask({
    step: 'leave queue',
    method: 'DELETE',
    path: `/queue/tokens/${token}`,
    token: null,
  });
  if (answer.status === 204) {
    acknowledgements.note({ kind: 'leave', userId: fan.userId, reservationIds });
  } else {
    statistics.noteSurprise(`leaving the queue was answered with ${answer.status} ${answer.code}`);
  }
}
