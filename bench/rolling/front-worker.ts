/** The front in a process of its own: see `FrontCalls`. */
import { type Front, type FrontCounts, openFront } from '../../demo/cluster/front/front.ts';
import { serveCalls } from '../../harness/process/serve-calls.ts';

/** The calls that the process of the front answers. */
export type FrontCalls = {
  /** Opens the front; answers with its port. */
  open: (order: { readonly nodes: readonly { readonly name: string; readonly port: number }[] }) => Promise<number>;
  /** The front's counters, and its CPU in microseconds. */
  counts: (nothing: Record<string, never>) => Promise<FrontCounts & { readonly cpuUs: number }>;
};

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
