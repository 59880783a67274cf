import type { FrontCounts } from '../../demo/cluster/front/front.ts';

/** The calls that the process of the front answers. */
export type FrontCalls = {
  /** Opens the front; answers with its port. */
  open: (order: { readonly nodes: readonly { readonly name: string; readonly port: number }[] }) => Promise<number>;
  /** The front's counters, and its CPU in microseconds. */
  counts: (nothing: Record<string, never>) => Promise<FrontCounts & { readonly cpuUs: number }>;
};
