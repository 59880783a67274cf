import type { FrontCounts } from '../../demo/cluster/front/front.ts';

/** What the process of the front can be asked. */
export type FrontCalls = {
  /** Opens it; answers with its port. */
  open: (order: { readonly nodes: readonly { readonly name: string; readonly port: number }[] }) => Promise<number>;
  /** What it has counted, and the CPU that it has used, in microseconds. */
  counts: (nothing: Record<string, never>) => Promise<FrontCounts & { readonly cpuUs: number }>;
};
