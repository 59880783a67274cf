/** The process that holds and releases seats of many schedules; see `SteadyCalls`. */
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import { serveCalls } from '../../harness/process/serve-calls.ts';
import type { SteadyCalls } from './steady-calls.ts';
import { createSteadyLoad, type SteadyLoad } from './steady-load.ts';

const nowMs = createMachineClock();
let load: SteadyLoad | null = null;

function running(): SteadyLoad {
  if (load === null) throw new Error('Nothing was started.');
  return load;
}

const calls: SteadyCalls = {
  async start(order) {
    load = createSteadyLoad(order, nowMs);
  },
  async direct({ ports }) {
    running().direct(ports);
  },
  take: async () => running().take(),
  stop: () => running().stop(),
};

serveCalls(calls);
