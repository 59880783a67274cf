/** The process of the watchers; see `CrowdCalls`. */
import { setTimeout as pause } from 'node:timers/promises';
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import { serveCalls } from '../../harness/process/serve-calls.ts';
import { createRandom } from '../../harness/random.ts';
import type { CrowdCalls, CrowdOrder } from './crowd-calls.ts';
import { measureCrowd } from './figures.ts';
import { createFrameDialler } from './frame-connection.ts';
import { createFrameStore, type FrameStore } from './frame-store.ts';
import { createWatcher, type Watcher } from './watcher.ts';

/** Upgrades in flight while a crowd opens; beyond the server's backlog the kernel would refuse connections. */
const DIALLED_AT_ONCE = 100;
const LOOK_EVERY_MS = 20;
const FAULTS_KEPT = 20;
/** Twice as many maps of 500 seats as the kernel's buffers of a local connection hold, which is 4 MB. */
const QUESTIONS_OF_THE_STUCK = 300;

const nowMs = createMachineClock();
const dialFrom = createFrameDialler();
let watchers: Watcher[] = [];
let reading: Watcher[] = [];
let stuck: Watcher[] = [];
let frames: FrameStore = createFrameStore();
let faults: string[] = [];

async function open(order: CrowdOrder): Promise<void> {
  const random = createRandom(order.seed);
  frames = createFrameStore();
  faults = [];
  const context = {
    dial: (path: string, listener: Parameters<typeof dialFrom>[2]) => dialFrom(order.port, path, listener),
    frames,
    nowMs,
    random: random.next,
    noteFault: (fault: string) => {
      if (faults.length < FAULTS_KEPT) faults.push(fault);
    },
  };
  const { path, scheduleId, reconnects, tokens } = order;
  watchers = Array.from({ length: order.watchers }, (_, index) =>
    createWatcher({ path, scheduleId, reconnects, token: tokens[index % tokens.length] ?? '' }, context),
  );
  reading = watchers.slice(0, watchers.length - order.stuck);
  stuck = watchers.slice(reading.length);
  for (let first = 0; first < watchers.length; first += DIALLED_AT_ONCE) {
    await Promise.all(watchers.slice(first, first + DIALLED_AT_ONCE).map((watcher) => watcher.open()));
  }
  for (const watcher of stuck) watcher.getStuck(QUESTIONS_OF_THE_STUCK);
}

async function untilAll(isTrue: () => boolean, limitMs: number): Promise<void> {
  const deadlineMs = nowMs() + limitMs;
  while (!isTrue() && nowMs() < deadlineMs) await pause(LOOK_EVERY_MS);
}

function tally(of: readonly Watcher[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of of.flatMap(({ closings }) => closings)) {
    const name = code === null ? 'broken' : String(code);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const calls: CrowdCalls = {
  async open(order) {
    const beganMs = nowMs();
    await open(order);
    return { openedMs: nowMs() - beganMs };
  },
  async settle({ seq, limitMs }) {
    const isBehind = (watcher: Watcher): boolean => watcher.seq !== seq;
    await untilAll(() => !reading.some(isBehind), limitMs);
    return { behind: reading.filter(isBehind).length };
  },
  async wake({ seq, limitMs }) {
    for (const watcher of stuck) watcher.readAgain();
    const isWaiting = (watcher: Watcher): boolean => watcher.isConnected && watcher.seq !== seq;
    await untilAll(() => !stuck.some(isWaiting), limitMs);
    const caughtUp = stuck.filter((watcher) => watcher.isConnected && watcher.seq === seq).length;
    return { closings: tally(stuck), caughtUp, behind: stuck.filter(isWaiting).length };
  },
  count: async () => ({ connected: watchers.filter(({ isConnected }) => isConnected).length }),
  async resumptions({ sinceMs }) {
    const last = watchers.flatMap(({ resumptions }) => resumptions.slice(-1)).filter(({ atMs }) => atMs >= sinceMs);
    const deltas = last.filter(({ isDelta }) => isDelta).length;
    const closings = tally(watchers);
    return { atMs: last.map(({ atMs }) => atMs), deltas, snapshots: last.length - deltas, closings };
  },
  async compare({ map }) {
    const expected = map.join();
    return { unequal: reading.filter((watcher) => watcher.map().join() !== expected).length, faults };
  },
  measure: async (order) => measureCrowd(reading, frames, order),
  async recording() {
    const [first] = reading;
    return (first?.frameIndexes ?? []).map((index, position) => ({
      atMs: first?.arrivalsMs[position] ?? 0,
      text: frames.at(index).bytes.toString(),
    }));
  },
  async close() {
    for (const watcher of watchers) watcher.close();
    watchers = [];
    reading = [];
    stuck = [];
  },
};

serveCalls(calls);
