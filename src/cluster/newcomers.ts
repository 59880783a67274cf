import type { Clock } from '../runtime/clock.ts';
import type { PeerLinkState } from './peers/peer-port.ts';

/**
 * A node that has just begun is slow for about a second, in which callers reach it already: what it runs, it runs for the
 * first time. Schedules that come to it meanwhile would stand still for several times as long as later.
 */
const SETTLING_MS = 2_000;

/** Which nodes can be counted on, by how long the link to them has stood. */
export interface Newcomers {
  /** Takes the links of now; whether other nodes can be counted on than before. */
  note(links: readonly PeerLinkState[]): boolean;
  /** Whether the node has had a link for long enough. Once it has, a link that breaks is no reason to think otherwise. */
  hasSettled(node: string): boolean;
}

/** `isUrgent`: whether a node will do as soon as its link stands, because what it gets cannot stay here. */
export function createNewcomers(deps: { readonly clock: Clock; readonly isUrgent: () => boolean }): Newcomers {
  const { clock, isUrgent } = deps;
  /** Since when the link to a node has stood. */
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
