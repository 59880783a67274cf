/** The front in a process of its own: see `FrontCalls`. */
import { type Front, openFront } from '../../demo/cluster/front/front.ts';
import { serveCalls } from '../../harness/process/serve-calls.ts';
import type { FrontCalls } from './front-calls.ts';

let front: Front | null = null;

const calls: FrontCalls = {
  async open({ nodes }) {
    front = await openFront({ nodes, port: 0 });
    return Number(new URL(front.url).port);
  },
  async counts() {
    if (front === null) throw new Error('The front is not open.');
    const { user, system } = process.cpuUsage();
    return { ...front.counts, cpuUs: user + system };
  },
};

serveCalls(calls);
