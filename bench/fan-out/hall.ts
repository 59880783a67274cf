import { asObject, readInteger, readObjects } from '../../harness/json.ts';
import { createWorkerProcess, type WorkerProcess } from '../../harness/process/worker-process.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';
import type { Field } from '../contestants/field.ts';
import type { FrontrowContestant, StartOverrides } from '../contestants/frontrow.ts';
import { createSteadyWorker, type SteadyWorker } from '../steady/steady-calls.ts';
import type { CrowdCalls } from '../watchers/crowd-calls.ts';
import { seatWord } from '../watchers/frame-store.ts';

/** A schedule with every seat free, on a service in a process of its own. */
export interface Hall {
  readonly scheduleId: number;
  readonly seatCount: number;
  readonly server: ServerProcess;
  /** The schedule's map by `GET`, with `seq`, and the same map by the database: the word of seat n at n. */
  readMaps(): Promise<{ readonly seq: number; readonly shown: string[]; readonly stored: string[] }>;
}

/** The watchers, in a process of their own. */
export type Crowd = WorkerProcess<CrowdCalls>;

export const LIVE_PATH = '/api/v1/live';
const SEAT_COUNT = 500;
/** Enough that none reaches the limit of seats, and few enough that their tokens stay in memory. */
const HOLDERS = 50;

export function createCrowd(): Crowd {
  return createWorkerProcess<CrowdCalls>(new URL('../watchers/crowd-worker.ts', import.meta.url));
}

/** Starts the service and opens the hall. The caller stops `server`. */
export async function openHall({ frontrow, settle }: Field, overrides: StartOverrides): Promise<Hall> {
  const [scheduleId = 0] = await frontrow.addSchedules(1, SEAT_COUNT);
  await settle(frontrow);
  return describeHall(frontrow, scheduleId, await frontrow.start(overrides));
}

/** Calls `use` with a fresh hall, fresh watchers and a fresh load, and ends them afterwards. */
export async function withHall<T>(
  field: Field,
  overrides: StartOverrides,
  use: (hall: Hall, crowd: Crowd, load: SteadyWorker) => Promise<T>,
): Promise<T> {
  const hall = await openHall(field, overrides);
  const crowd = createCrowd();
  const load = createSteadyWorker();
  try {
    return await use(hall, crowd, load);
  } finally {
    crowd.close();
    load.close();
    await hall.server.stop();
  }
}

/** The same hall on a service that was started again. */
export function describeHall(frontrow: FrontrowContestant, scheduleId: number, server: ServerProcess): Hall {
  return {
    scheduleId,
    seatCount: SEAT_COUNT,
    server,
    async readMaps() {
      const authorization = `Bearer ${frontrow.shoppers()[0]?.token ?? ''}`;
      const answer = await fetch(`${server.url}/api/v1/schedules/${scheduleId}/seats`, { headers: { authorization } });
      const map = asObject(await answer.json());
      const shown: string[] = [];
      for (const seat of readObjects(map, 'seats')) shown[readInteger(seat, 'seatNumber')] = seatWord(seat);
      const live = await frontrow.readLiveSeats(scheduleId);
      const stored: string[] = [];
      for (let seatNumber = 1; seatNumber <= SEAT_COUNT; seatNumber += 1) {
        const { status, heldUntil } = live.get(seatNumber) ?? { status: 'AVAILABLE', heldUntil: null };
        stored[seatNumber] = `${status} ${heldUntil ?? ''}`;
      }
      return { seq: readInteger(map, 'seq'), shown, stored };
    },
  };
}

/** The order for a steady load on a hall. */
export function orderFor(field: Field, hall: Hall, requestsPerSecond: number, seed: number) {
  return {
    ports: [hall.server.port],
    // Enough for 64 answers of half a second each at the usual rate; later requests wait, and their wait counts.
    connectionsPerPort: 64,
    scheduleIds: [hall.scheduleId],
    seatCount: hall.seatCount,
    tokens: field.tokens.slice(0, HOLDERS),
    requestsPerSecond,
    seed,
  };
}

/** Access tokens of the watchers. */
export function viewersOf({ frontrow }: Field): readonly string[] {
  return frontrow.shoppers().map(({ accessToken }) => accessToken);
}
