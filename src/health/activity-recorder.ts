import { createHistogram } from 'node:perf_hooks';
import { FAULT_CODES } from '../domain/errors.ts';
import type { Activity } from './activity.ts';
import { type ActivitySample, type CodeCount, CODES_NAMED } from './activity-sample.ts';
import { type Clock, type DatabaseClock, every } from '../runtime/clock.ts';
import { type HealthFacts, judgeHealth } from './health-verdict.ts';

/** One sample a second: a rush is over in minutes, and reading every counter takes about ten microseconds. */
const STEP_MS = 1_000;
/** Ten minutes, at some 300 bytes each. */
const STEPS_KEPT = 600;
/** Durations are recorded in whole microseconds, up to a minute: the journal's statements time out long before. */
const MICROSECONDS_PER_MS = 1_000;
const LONGEST_MICROSECONDS = 60_000_000;

const UNAVAILABLE_CODES: ReadonlySet<string> = new Set(FAULT_CODES);
const BUG_CODE = 'INTERNAL_ERROR';

/** The recorder's sources. Counts start with the process and only grow, except those of queues, which restart with each keeper. */
export interface ActivitySources {
  sales(): {
    readonly holds: number;
    readonly payments: number;
    readonly refunds: number;
    readonly waiting: number;
  };
  queues(): readonly {
    readonly concertId: number;
    readonly waiting: number;
    readonly active: number;
    readonly admissions: number;
    readonly isPaused: boolean;
  }[];
  answers(): { readonly answers: number; readonly refusals: ReadonlyMap<string, number> };
  doubted(): number;
  /** The 99th percentile since the previous call. */
  eventLoopDelayP99Ms(): number;
  liveSockets(): number | null;
  node(): string;
  readiness(): HealthFacts['readiness'];
  livingNodes(): number;
}

export interface ActivityRecorder extends Activity {
  /** The database answered a statement of the journal. */
  observeFlush(entries: number, durationMs: number): void;
  start(): void;
  close(): void;
}

/** The values of the sources at one instant. */
interface Reading {
  readonly sales: ReturnType<ActivitySources['sales']>;
  readonly queues: ReturnType<ActivitySources['queues']>;
  readonly answers: number;
  /** A copy: the source keeps counting in its own. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly doubted: number;
  readonly atMs: number;
}

/** Samples the node's counters once a second and keeps the last ten minutes. */
export function createActivityRecorder(deps: {
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly sources: ActivitySources;
}): ActivityRecorder {
  const { clock, databaseClock, sources } = deps;
  const samples: ActivitySample[] = [];
  const flushMicroseconds = createHistogram({ lowest: 1, highest: LONGEST_MICROSECONDS, figures: 3 });
  let flushed = { count: 0, entries: 0, largest: 0 };
  let last: Reading | null = null;
  let stepsTaken = 0;
  let stopSampling: (() => void) | null = null;

  function read(): Reading {
    const { answers, refusals } = sources.answers();
    return {
      sales: sources.sales(),
      queues: sources.queues(),
      answers,
      refusals: new Map(refusals),
      doubted: sources.doubted(),
      atMs: clock.monotonicMs(),
    };
  }

  function step(): void {
    const now = read();
    if (last !== null) remember(measure(last, now));
    last = now;
    flushMicroseconds.reset();
    flushed = { count: 0, entries: 0, largest: 0 };
  }

  function remember(sample: ActivitySample): void {
    samples.push(sample);
    if (samples.length > STEPS_KEPT) samples.shift();
  }

  function measure(before: Reading, now: Reading): ActivitySample {
    const hasFlushed = flushed.count > 0;
    stepsTaken += 1;
    return {
      number: stepsTaken,
      atMs: databaseClock.upperMs(),
      durationMs: Math.max(1, Math.round(now.atMs - before.atMs)),
      holds: now.sales.holds - before.sales.holds,
      payments: now.sales.payments - before.sales.payments,
      refunds: now.sales.refunds - before.sales.refunds,
      admissions: countAdmissions(before, now),
      answers: now.answers - before.answers,
      ...describeRefusals(before.refusals, now.refusals),
      flushes: flushed.count,
      flushP50Ms: hasFlushed ? flushMicroseconds.percentile(50) / MICROSECONDS_PER_MS : null,
      flushP99Ms: hasFlushed ? flushMicroseconds.percentile(99) / MICROSECONDS_PER_MS : null,
      batchMean: hasFlushed ? flushed.entries / flushed.count : null,
      batchMax: hasFlushed ? flushed.largest : null,
      doubted: now.doubted - before.doubted,
      waiting: now.queues.reduce((sum, { waiting }) => sum + waiting, 0),
      active: now.queues.reduce((sum, { active }) => sum + active, 0),
      commandsWaiting: now.sales.waiting,
      liveSockets: sources.liveSockets(),
      eventLoopDelayP99Ms: sources.eventLoopDelayP99Ms(),
    };
  }

  return {
    observeFlush(entries, durationMs) {
      flushed.count += 1;
      flushed.entries += entries;
      flushed.largest = Math.max(flushed.largest, entries);
      const microseconds = Math.round(durationMs * MICROSECONDS_PER_MS);
      flushMicroseconds.record(Math.min(Math.max(microseconds, 1), LONGEST_MICROSECONDS));
    },
    report(since) {
      const isKnown = since <= stepsTaken;
      return {
        node: sources.node(),
        stepMs: STEP_MS,
        stepsKept: STEPS_KEPT,
        verdict: judgeHealth({
          readiness: sources.readiness(),
          livingNodes: sources.livingNodes(),
          samples,
          pausedQueues: sources.queues().filter(({ isPaused }) => isPaused),
        }),
        samples: isKnown ? samples.filter(({ number }) => number > since) : samples.slice(),
      };
    },
    start() {
      if (stopSampling !== null) return;
      step();
      stopSampling = every(clock, STEP_MS, step);
    },
    close: () => stopSampling?.(),
  };
}

/** A line that is new, or was taken over since, counts from zero. */
function countAdmissions(before: Reading, now: Reading): number {
  const known = new Map(before.queues.map(({ concertId, admissions }) => [concertId, admissions]));
  let admitted = 0;
  for (const { concertId, admissions } of now.queues) {
    const earlier = known.get(concertId) ?? 0;
    admitted += admissions >= earlier ? admissions - earlier : admissions;
  }
  return admitted;
}

function describeRefusals(
  last: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): Pick<ActivitySample, 'refusals' | 'refusalsByCode' | 'unavailable' | 'bugs'> {
  const byCode: CodeCount[] = [];
  let refusals = 0;
  let unavailable = 0;
  let bugs = 0;
  for (const [code, total] of now) {
    const count = total - (last.get(code) ?? 0);
    if (count === 0) continue;
    if (code === BUG_CODE) bugs += count;
    else if (UNAVAILABLE_CODES.has(code)) unavailable += count;
    else {
      refusals += count;
      byCode.push({ code, count });
    }
  }
  const refusalsByCode = byCode.toSorted((a, b) => b.count - a.count).slice(0, CODES_NAMED);
  return { refusals, refusalsByCode, unavailable, bugs };
}
