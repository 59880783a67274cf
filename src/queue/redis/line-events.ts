import { concertOfChannel } from './scripts.ts';
import type { SharedLines } from './shared-lines.ts';
import type { Sightings } from './sightings.ts';

/**
 * Takes over what scripts tell all nodes: who went in (`ACTIVE id id …`), and who has ended (`STATUS id instant`), a line each.
 * What was recorded is told, and only what was recorded; anything else is passed over. It also prompts this node, since there
 * may be room now, or an end to the round of another node.
 */
export function createLineEvents(deps: {
  readonly sightings: () => Sightings;
  readonly lines: () => SharedLines;
}): (channel: string, message: string) => void {
  const { sightings, lines } = deps;

  function take(line: string): void {
    const [status, ...rest] = line.split(' ');
    if (status === 'ACTIVE') {
      for (const tokenId of rest) sightings().noteActive(tokenId, null, null);
    } else if (status === 'COMPLETED' || status === 'EXPIRED' || status === 'CANCELLED') {
      const [tokenId = '', endedAt = ''] = rest;
      if (/^\d+(\.\d+)?$/.test(endedAt)) sightings().noteEnded(tokenId, status, Number(endedAt));
    }
  }

  return (channel, message) => {
    const concertId = concertOfChannel(channel);
    if (concertId === null) return;
    for (const text of message.split('\n')) take(text);
    const line = lines().get(concertId);
    if (line !== undefined && (line.summary?.waiting ?? 0) > 0) lines().noteChanged(line);
  };
}
