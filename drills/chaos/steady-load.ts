import { setTimeout as pause } from 'node:timers/promises';
import type { Crowd } from './crowd.ts';

/** Requests at a constant rate, whatever the answers are. */
export interface SteadyLoad {
  /** Acts that were due while every fan waited for an answer. */
  readonly skipped: number;
  readonly begun: number;
  /** Starts no more requests. Resolves with the number that is in flight: 0, or after `limitMs` what is left. */
  drain(limitMs: number): Promise<number>;
}

const TICK_MS = 5;
const LOOK_EVERY_MS = 20;

export function startSteadyLoad(crowd: Crowd, perSecond: number): SteadyLoad {
  const beganMs = performance.now();
  let begun = 0;
  let skipped = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - beganMs) * perSecond) / 1_000);
    while (begun + skipped < due) {
      if (crowd.act()) begun += 1;
      else skipped += 1;
    }
  }, TICK_MS);
  return {
    get skipped() {
      return skipped;
    },
    get begun() {
      return begun;
    },
    async drain(limitMs) {
      clearInterval(timer);
      const deadlineMs = performance.now() + limitMs;
      while (crowd.underWay > 0 && performance.now() < deadlineMs) await pause(LOOK_EVERY_MS);
      return crowd.underWay;
    },
  };
}

/** Measures the operations a second of a crowd with `lanes` requests in flight. */
export async function measurePeak(crowd: Crowd, lanes: number, durationMs: number): Promise<number> {
  const beganMs = performance.now();
  let begun = 0;
  while (performance.now() - beganMs < durationMs) {
    while (crowd.underWay < lanes && crowd.act()) begun += 1;
    await pause(1);
  }
  const elapsedSeconds = (performance.now() - beganMs) / 1_000;
  return (begun - crowd.underWay) / elapsedSeconds;
}
