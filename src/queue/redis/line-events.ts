import type { LineListener } from '../line-store.ts';
import { concertOfChannel } from './scripts.ts';

/**
 * Takes over what scripts tell all nodes: who went in (`ACTIVE id id …`), and who has ended (`STATUS id instant`), a line each.
 * Only what was recorded is told; anything else is passed over. It also prompts this node, since there may be room now, or
 * an end to the round of another node.
 */
export function createLineEvents(listener: () => LineListener | null): (channel: string, message: string) => void {
  function take(line: string): void {
    const [status, ...rest] = line.split(' ');
    if (status === 'ACTIVE') {
      for (const tokenId of rest) listener()?.onActive(tokenId);
    } else if (status === 'COMPLETED' || status === 'EXPIRED' || status === 'CANCELLED') {
      const [tokenId = '', endedAt = ''] = rest;
      if (/^\d+(\.\d+)?$/.test(endedAt)) listener()?.onEnded({ tokenId, status, endedAtMs: Number(endedAt) });
    }
  }

  return (channel, message) => {
    const concertId = concertOfChannel(channel);
    if (concertId === null) return;
    for (const text of message.split('\n')) take(text);
    listener()?.onChanged(concertId);
  };
}
