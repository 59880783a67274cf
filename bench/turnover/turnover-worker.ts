/** The process that holds and releases the seats of a hall; see `TurnoverCalls`. */
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import { serveCalls } from '../../harness/process/serve-calls.ts';
import { createTurnover, type Turnover } from './turnover.ts';
import type { TurnoverCalls } from './turnover-calls.ts';

const nowMs = createMachineClock();
let turnover: Turnover | null = null;

const calls: TurnoverCalls = {
  async start(order) {
    turnover = createTurnover(order, nowMs);
  },
  async stop() {
    if (turnover === null) throw new Error('Nothing was started.');
    const result = await turnover.stop();
    turnover = null;
    return result;
  },
};

serveCalls(calls);
