/** An interest ends if it is not renewed for this long: three renewals, so that one lost message ends none. */
const RENEWED_WITHIN_MS = 3_000;
/** Nodes times schedules, some 100 bytes each. Nodes beyond the limit get no updates and ask the owner now and then. */
const WATCHES_LIMIT = 100_000;

/** The schedules that other nodes watch, by their recent messages. */
export interface DistantWatchers {
  has(scheduleId: number): boolean;
  scheduleIds(): Iterable<number>;
  /** `node` watches these. Returns the new ones. */
  note(node: string, scheduleIds: readonly number[], nowMs: number): readonly number[];
  /** `node` does not watch these any more. */
  end(node: string, scheduleIds: readonly number[]): void;
  /** Forgets interests that were not renewed. Call this about once a second. */
  sweep(nowMs: number): void;
}

export function createDistantWatchers(): DistantWatchers {
  /** The time of each node's last message, by schedule. */
  const nodesOf = new Map<number, Map<string, number>>();
  let watches = 0;

  function forget(scheduleId: number, nodes: Map<string, number>, node: string): void {
    if (!nodes.delete(node)) return;
    watches -= 1;
    if (nodes.size === 0) nodesOf.delete(scheduleId);
  }

  return {
    has: (scheduleId) => nodesOf.has(scheduleId),
    scheduleIds: () => nodesOf.keys(),

    note(node, scheduleIds, nowMs) {
      const unknown: number[] = [];
      for (const scheduleId of scheduleIds) {
        const nodes = nodesOf.get(scheduleId) ?? new Map<string, number>();
        if (!nodes.has(node)) {
          if (watches >= WATCHES_LIMIT) continue;
          watches += 1;
          nodesOf.set(scheduleId, nodes);
          unknown.push(scheduleId);
        }
        nodes.set(node, nowMs);
      }
      return unknown;
    },

    end(node, scheduleIds) {
      for (const scheduleId of scheduleIds) {
        const nodes = nodesOf.get(scheduleId);
        if (nodes !== undefined) forget(scheduleId, nodes, node);
      }
    },

    sweep(nowMs) {
      for (const [scheduleId, nodes] of nodesOf) {
        for (const [node, saidAtMs] of nodes) {
          if (nowMs - saidAtMs >= RENEWED_WITHIN_MS) forget(scheduleId, nodes, node);
        }
      }
    },
  };
}
