import type { Clock } from '../runtime/clock.ts';
import type { PeerLinkState } from './peers/peer-port.ts';

/**
 * A node is slow for about a second after its start, because all its code runs for the first time, and callers reach it
 * already. Schedules that moved to it then would stand still for several times as long as later.
 */
const SETTLING_MS = 2_000;

/** The nodes that have settled, by how long the link to them has been up. */
export interface Newcomers {
  /** Notes the present links. Returns whether more nodes have settled. */
  note(links: readonly PeerLinkState[]): boolean;
  /** Whether the link to the node has been up for long enough. A link that breaks later changes nothing. */
  hasSettled(node: string): boolean;
}

/** `isUrgent`: whether a node counts as settled as soon as its link is up, because its schedules cannot stay here. */
export function createNewcomers(deps: { readonly clock: Clock; readonly isUrgent: () => boolean }): Newcomers {
  const { clock, isUrgent } = deps;
  /** Since when the link to each node has been up. */
  const since = new Map<string, number>();
  const settled = new Set<string>();

  return {
    note(links) {
      const peers = new Set(links.map(({ peer }) => peer));
      for (const node of settled) if (!peers.has(node)) settled.delete(node);
      for (const node of since.keys()) if (!peers.has(node)) since.delete(node);
      const nowMs = clock.monotonicMs();
      const before = settled.size;
      for (const { peer, isUp } of links) {
        if (!isUp) {
          since.delete(peer);
          continue;
        }
        const upSince = since.get(peer) ?? nowMs;
        since.set(peer, upSince);
        if (isUrgent() || nowMs - upSince >= SETTLING_MS) settled.add(peer);
      }
      return settled.size > before;
    },
    hasSettled: (node) => settled.has(node),
  };
}
