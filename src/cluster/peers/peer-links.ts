import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { KeyRing } from './key-ring.ts';
import { PeerLink } from './peer-link.ts';
import type { PeerLinks } from './peer-port.ts';

/** The links from this node to its peers. */
export function createPeerLinks(deps: {
  readonly keys: KeyRing;
  /** This node's name now; it changes when the node joins anew. */
  readonly node: () => string;
  readonly clock: Clock;
  readonly log: Log;
}): PeerLinks {
  const { keys, node, clock, log } = deps;
  const links = new Map<string, PeerLink>();
  /** Closing links. */
  const leaving = new Set<Promise<void>>();
  let isClosed = false;

  function drop(link: PeerLink): void {
    links.delete(link.peer.node);
    const closing = link.close().finally(() => leaving.delete(closing));
    leaving.add(closing);
  }

  return {
    setPeers(peers) {
      if (isClosed) return;
      const wanted = new Map(peers.map((peer) => [peer.node, peer]));
      for (const link of links.values()) {
        if (wanted.get(link.peer.node)?.address !== link.peer.address) drop(link);
      }
      for (const peer of wanted.values()) {
        if (!links.has(peer.node)) links.set(peer.node, new PeerLink(peer, { keys, node, clock, log }));
      }
    },
    send(peer, command, limitMs) {
      return links.get(peer)?.send(command, limitMs) ?? Promise.resolve({ type: 'unreachable' });
    },
    measure: () => [...links.values()].map((link) => link.state()),
    async close() {
      isClosed = true;
      for (const link of links.values()) drop(link);
      await Promise.all(leaving);
    },
  };
}
