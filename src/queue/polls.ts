import { createLookUps, type LookUps } from '../runtime/look-ups.ts';
import { type LineStore, LOST, type Looked, type Lost } from './line-store.ts';

/** A node is busy with what it has answered by then; more of them waiting would only wait longer. */
const LOOK_UPS = { callsInFlight: 2, keysPerCall: 200, waiting: 5_000 };

/**
 * Asks where holders stand who ask for it themselves, each a sign of life. Those of one turn, and of the time in which Redis is at
 * earlier ones, share a script: for 200 of them it holds Redis for about a millisecond.
 */
export interface Polls {
  /** The line with this one token. Throws Faults `QUEUE_UNAVAILABLE`, and `OVERLOADED` when too many wait. */
  ask(concertId: number, tokenId: string): Promise<Lost | Looked>;
}

export function createPolls({ store }: { readonly store: Pick<LineStore, 'look'> }): Polls {
  const lines = new Map<number, LookUps<string, Lost | Looked>>();

  async function look(concertId: number, tokenIds: readonly string[]): Promise<readonly (Lost | Looked)[]> {
    const looked = await store.look(concertId, tokenIds, true);
    if (looked === LOST) return tokenIds.map(() => LOST);
    const { summary, standings } = looked;
    return standings.map((standing) => ({ summary, standings: [standing] }));
  }

  function pollsOf(concertId: number): LookUps<string, Lost | Looked> {
    const known = lines.get(concertId);
    if (known !== undefined) return known;
    const made = createLookUps({ ...LOOK_UPS, load: (tokenIds: readonly string[]) => look(concertId, tokenIds) });
    lines.set(concertId, made);
    return made;
  }

  return { ask: (concertId, tokenId) => pollsOf(concertId).get(tokenId) };
}
