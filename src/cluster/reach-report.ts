import type { Clock } from '../runtime/clock.ts';

/** A node that has just joined has no links yet, which says nothing about the network. */
const SETTLING_MS = 3_000;

/** The part of this node's beats that reports its links. */
export interface ReachReport {
  /** The node has joined. */
  joined(): void;
  /** Whether the node joined so recently that missing links mean nothing. */
  isSettling(): boolean;
  /** The nodes that this one reaches, for the next beat; null while it is too early to say. */
  take(): readonly string[] | null;
  /** Whether another beat would report something else than the last one. */
  isOutdated(): boolean;
}

/** `reaches` gives the nodes that this one reaches over its own links; null where nodes have no links. */
export function createReachReport(deps: {
  readonly clock: Clock;
  readonly reaches: () => readonly string[] | null;
}): ReachReport {
  let joinedAtMs = Number.NEGATIVE_INFINITY;
  let taken: readonly string[] | null = null;

  const isSettling = (): boolean => deps.clock.monotonicMs() - joinedAtMs < SETTLING_MS;
  const current = (): readonly string[] | null => (isSettling() ? null : deps.reaches());

  return {
    joined() {
      joinedAtMs = deps.clock.monotonicMs();
    },
    isSettling,
    take() {
      taken = current();
      return taken;
    },
    isOutdated: () => taken?.join() !== current()?.join(),
  };
}
