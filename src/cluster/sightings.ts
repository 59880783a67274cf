import type { NodeRow } from '../domain/node.ts';
import type { Clock } from '../runtime/clock.ts';

/*
 * The beats of other nodes as this node has seen them. Only this node's monotonic clock measures silence.
 *
 * SIGHT-1. Silence counts only while looks succeed and follow each other closely. In a longer gap either the database or this
 *          node stood still, so missing beats mean nothing.
 */

/** Longer than a lease, so that a silent node stops answering before other nodes take its schedules. */
const SILENT_LIMIT_MS = 2_500;
/** After a shorter gap the last beat is still within the limit of silence. */
const LONGEST_GAP_MS = 1_500;

interface Sighting {
  readonly beat: number;
  readonly sinceMs: number;
  readonly hasMoved: boolean;
}

export interface Sightings {
  /** Notes what a look found. */
  note(rows: readonly NodeRow[]): void;
  /** A look failed: silence counts from the next one. */
  forget(): void;
  /** Whether the node's beat has not changed for longer than a lease can last. */
  isSilent(node: string): boolean;
  /** Whether the node's beat has changed between two looks: the node is alive. */
  isBeating(node: string): boolean;
}

export function createSightings({ clock }: { readonly clock: Clock }): Sightings {
  let sightings = new Map<string, Sighting>();
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  return {
    note(rows) {
      const nowMs = clock.monotonicMs();
      const isGap = nowMs - lookedAtMs > LONGEST_GAP_MS;
      lookedAtMs = nowMs;
      const next = new Map<string, Sighting>();
      for (const { node, beat } of rows) {
        const seen = isGap ? undefined : sightings.get(node);
        if (seen?.beat === beat) next.set(node, seen);
        else next.set(node, { beat, sinceMs: nowMs, hasMoved: seen !== undefined });
      }
      sightings = next;
    },
    forget() {
      sightings = new Map();
    },
    isSilent(node) {
      const seen = sightings.get(node);
      return seen !== undefined && lookedAtMs - seen.sinceMs >= SILENT_LIMIT_MS;
    },
    isBeating: (node) => sightings.get(node)?.hasMoved ?? false,
  };
}
