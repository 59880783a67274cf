import { randomBytes } from 'node:crypto';
import { createFrontrowClient, type FrontrowClient } from '../../src/client/frontrow-client.ts';
import { mapConcurrently } from '../../harness/concurrently.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';
import type { Field } from '../contestants/field.ts';
import { createConcert, DAY_MS } from '../sale/concert.ts';

/** The queue tokens of a concert whose places are taken, and those of its line. */
export interface WaitingLine {
  /** Admitted, oldest first; each leaves once. */
  readonly active: string[];
  /** Waiting, the next one first. */
  readonly waiting: string[];
}

const PLACES = 50;
const REGISTERED_AT_ONCE = 32;
/** So many that the rate of admissions is never the limit. */
const ADMISSIONS_MOST = 1_000_000;

/** Registers the people and enters them into the line of a new concert, in order. */
export async function formLine({ frontrow }: Field, { url }: ServerProcess, length: number): Promise<WaitingLine> {
  const client = createFrontrowClient({ baseUrl: url });
  const policy = { maxActive: PLACES, batch: ADMISSIONS_MOST, intervalMs: 100, activeTtlMs: DAY_MS };
  const concertId = await createConcert(url, frontrow.adminToken, policy);
  const active = await mapConcurrently(
    Array.from({ length: PLACES }),
    1,
    async () => (await enter(client, concertId)).token,
  );
  const waiting = await mapConcurrently(Array.from({ length }), REGISTERED_AT_ONCE, () => enter(client, concertId));
  waiting.sort((one, other) => one.place - other.place);
  return { active, waiting: waiting.map(({ token }) => token) };
}

async function enter(client: FrontrowClient, concertId: number): Promise<{ token: string; place: number }> {
  const email = `${randomBytes(8).toString('hex')}@example.com`;
  const { accessToken } = await client.register({ name: 'One of many', email });
  const { token, queuePosition } = await client.as(accessToken).enterQueue(concertId);
  return { token, place: queuePosition ?? 0 };
}
