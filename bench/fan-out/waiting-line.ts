import { randomBytes } from 'node:crypto';
import { createFrontrowClient, type FrontrowClient } from '../../src/client/frontrow-client.ts';
import type { Field } from '../contestants/field.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';
import { theService } from './hall.ts';

/** A concert whose few places are taken, and a line of tokens behind them in their order. */
export interface WaitingLine {
  /** Those who are in, oldest first; each leaves once. */
  readonly active: string[];
  /** Those who wait, the next one first. */
  readonly waiting: string[];
}

const PLACES = 50;
const REGISTERED_AT_ONCE = 32;
const DAY_MS = 86_400_000;
/** No rate stands between a free place and the next in line. */
const ADMISSIONS_MOST = 1_000_000;

/** Registers everybody and puts them into the line of a new concert, in order. */
export async function formLine(field: Field, server: ServerProcess, length: number): Promise<WaitingLine> {
  const client = createFrontrowClient({ baseUrl: server.url });
  const { concertId } = await client.admin(theService(field).adminToken).createConcert({
    title: 'A line',
    artist: 'Nobody',
    venue: 'Outside',
    bookingOpensAt: new Date(Date.now() - DAY_MS).toISOString(),
    bookingClosesAt: new Date(Date.now() + DAY_MS).toISOString(),
    queue: { maxActive: PLACES, batch: ADMISSIONS_MOST, intervalMs: 100, activeTtlMs: DAY_MS },
  });
  const active: string[] = [];
  for (let entered = 0; entered < PLACES; entered += 1) active.push((await enter(client, concertId)).token);
  const waiting: { token: string; place: number }[] = [];
  let left = length;
  const enterSome = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      waiting.push(await enter(client, concertId));
    }
  };
  await Promise.all(Array.from({ length: REGISTERED_AT_ONCE }, enterSome));
  waiting.sort((one, other) => one.place - other.place);
  return { active, waiting: waiting.map(({ token }) => token) };
}

async function enter(client: FrontrowClient, concertId: number): Promise<{ token: string; place: number }> {
  const email = `${randomBytes(8).toString('hex')}@example.com`;
  const { accessToken } = await client.register({ name: 'One of many', email });
  const { token, queuePosition } = await client.as(accessToken).enterQueue(concertId);
  return { token, place: queuePosition ?? 0 };
}
