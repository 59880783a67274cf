import { createFrontrowClient } from '../../src/client/frontrow-client.ts';

interface QueuePolicy {
  readonly maxActive: number;
  readonly batch: number;
  readonly intervalMs: number;
  readonly activeTtlMs: number;
}

export const DAY_MS = 86_400_000;

/** Creates a concert that can be booked now, with a queue of this policy. Resolves with its id. */
export async function createConcert(baseUrl: string, adminToken: string, queue: QueuePolicy): Promise<number> {
  const { concertId } = await createFrontrowClient({ baseUrl })
    .admin(adminToken)
    .createConcert({
      title: 'Benchmark',
      artist: 'Nobody',
      venue: 'Here',
      bookingOpensAt: new Date(Date.now() - DAY_MS).toISOString(),
      bookingClosesAt: new Date(Date.now() + 30 * DAY_MS).toISOString(),
      queue,
    });
  return concertId;
}
