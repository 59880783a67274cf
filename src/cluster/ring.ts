import { createHash } from 'node:crypto';

/**
 * Which of several nodes *should* own a key. Only the schedule's head row says which node *does*.
 */
export interface Ring {
  /** The node for a key, the same at every node that knows the same members; null without members. */
  ownerOf(key: number): string | null;
}

function hashName(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE(0);
}

/** Mixes 32 bits so that every input bit moves every output bit: the finaliser of MurmurHash3. */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Rendezvous hashing (highest random weight; Thaler and Ravishankar, 1998): the key belongs to the node whose weight for it
 * is greatest. Keys spread evenly without virtual nodes, and a join or leave moves only the keys that it must.
 */
export function createRing(members: readonly string[]): Ring {
  const seeds = [...new Set(members)].sort().map((member) => ({ member, seed: hashName(member) }));
  return {
    ownerOf(key) {
      let best: string | null = null;
      let bestWeight = -1;
      const low = mix(key % 0x1_0000_0000);
      const hashed = mix(low ^ Math.floor(key / 0x1_0000_0000));
      for (const { member, seed } of seeds) {
        const weight = mix(hashed ^ seed);
        if (weight > bestWeight) {
          best = member;
          bestWeight = weight;
        }
      }
      return best;
    },
  };
}
