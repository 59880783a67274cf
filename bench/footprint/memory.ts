import type { Field } from '../contestants/field.ts';
import { createCrowd, type Crowd, LIVE_PATH, viewersOf } from '../fan-out/hall.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { findFreePort, type ServerProcess } from '../../harness/service/server-process.ts';
import { readSettledMemory } from './settled-heap.ts';

/** The memory that one more adds to a service that has many already. */
export interface MemoryFigures {
  readonly count: number;
  readonly heapBytesEach: number;
  readonly residentBytesEach: number;
}

const READ_LIMIT_MS = 120_000;
const READERS = 32;

async function startInspected(field: Field): Promise<{ server: ServerProcess; read: ReadMemory }> {
  const inspectPort = await findFreePort();
  const server = await field.frontrow.start({ nodeOptions: [`--inspect=127.0.0.1:${inspectPort}`] });
  return { server, read: () => readSettledMemory(inspectPort, server.processId) };
}

type ReadMemory = () => ReturnType<typeof readSettledMemory>;

/** The first half warms the service up, the second half is measured. */
async function measureHalf(read: ReadMemory, count: number, add: (first: number, last: number) => Promise<void>) {
  const half = Math.floor(count / 2);
  await add(0, half);
  const before = await read();
  await add(half, count);
  const after = await read();
  return {
    count: count - half,
    heapBytesEach: (after.heapBytes - before.heapBytes) / (count - half),
    residentBytesEach: (after.residentBytes - before.residentBytes) / (count - half),
  };
}

/** Measures schedules of `seatCount` free seats. One read of each map activates its actor, which stays. */
export async function measureSchedules(
  field: Field,
  load: LoadProcess,
  { count, seatCount }: { readonly count: number; readonly seatCount: number },
): Promise<MemoryFigures> {
  const { frontrow } = field;
  const paths = frontrow.warmPaths(await frontrow.addSchedules(count, seatCount));
  const { server, read } = await startInspected(field);
  try {
    return await measureHalf(read, count, async (first, last) => {
      const work = { type: 'reads', paths: paths.slice(first, last), repeat: false } as const;
      const plan = {
        port: server.port,
        connections: READERS,
        durationMs: READ_LIMIT_MS,
        tokens: field.tokens,
        seed: 1,
      };
      const { answers } = await load.run({ ...plan, work });
      if (answers['200'] !== last - first) throw new Error(`maps were answered with ${JSON.stringify(answers)}`);
    });
  } finally {
    await server.stop();
  }
}

/** Measures live connections that all watch one schedule without changes. */
export async function measureSockets(field: Field, { count }: { readonly count: number }): Promise<MemoryFigures> {
  const [scheduleId = 0] = await field.frontrow.addSchedules(1, 50);
  const tokens = viewersOf(field);
  const { server, read } = await startInspected(field);
  const crowds: Crowd[] = [];
  try {
    return await measureHalf(read, count, async (first, last) => {
      const crowd = createCrowd();
      crowds.push(crowd);
      const common = { port: server.port, path: LIVE_PATH, tokens, scheduleId, stuck: 0, reconnects: false };
      await crowd.call('open', { ...common, watchers: last - first, seed: 1 });
    });
  } finally {
    for (const crowd of crowds) crowd.close();
    await server.stop();
  }
}
