import type { Clock } from '../runtime/clock.ts';

/*
 * The queue tokens that are known on this node to have ended, for as long as a hold that was admitted under one of them can
 * still arrive. One for all schedule actors of the node.
 *
 * TOKENS-1. Before a DELETE or a completing payment is acknowledged, every owner of the concert's dates has noted the end.
 * TOKENS-2. An owner that activates a schedule reads the recent ends of its concert in a statement later than its claim: an end
 *           that another owner had noted is among them.
 * TOKENS-3. An owner grants no hold under a token that it knows to have ended, and none that was admitted longer ago than
 *           `HOLD_AGE_LIMIT_MS`. Ends are kept for longer than that, so forgetting one lets no hold through.
 */

export type TokenEnd = 'CANCELLED' | 'COMPLETED';

export interface EndedToken {
  readonly tokenId: string;
  readonly end: TokenEnd;
}

/** From the look at the token to the owner's decision. Waits for keys, owners and peers add up to some 10 s. */
export const HOLD_AGE_LIMIT_MS = 15_000;
/** An end is noted up to 7 s before it is acknowledged; another node believes an ACTIVE token for 1 s longer. */
const KEPT_MS = 45_000;
/** Per `KEPT_MS`; some 20 MB. Further ends are rejected, so that their callers repeat them: none is forgotten early. */
const LIMIT = 100_000;

export interface EndedTokens {
  /** Notes an end. False when there is no room for it: then it must not be acknowledged. */
  note(token: EndedToken): boolean;
  /** Notes ends that the database has named; its answer bounds them. */
  adopt(tokens: readonly EndedToken[]): void;
  /** How the token has ended; null where no end of it is known. */
  endOf(tokenId: string): TokenEnd | null;
}

export function createEndedTokens({ clock }: { readonly clock: Pick<Clock, 'monotonicMs'> }): EndedTokens {
  /** Those noted since `startedAtMs`, and those of the period before: each is kept for one to two periods. */
  let newer = new Map<string, TokenEnd>();
  let older = new Map<string, TokenEnd>();
  let startedAtMs = clock.monotonicMs();

  function forgetOld(): void {
    const nowMs = clock.monotonicMs();
    if (nowMs - startedAtMs < KEPT_MS) return;
    older = nowMs - startedAtMs < 2 * KEPT_MS ? newer : new Map<string, TokenEnd>();
    newer = new Map();
    startedAtMs = nowMs;
  }

  return {
    note({ tokenId, end }) {
      forgetOld();
      if (newer.size >= LIMIT && !newer.has(tokenId)) return false;
      newer.set(tokenId, end);
      return true;
    },
    adopt(tokens) {
      forgetOld();
      for (const { tokenId, end } of tokens) newer.set(tokenId, end);
    },
    endOf: (tokenId) => newer.get(tokenId) ?? older.get(tokenId) ?? null,
  };
}
