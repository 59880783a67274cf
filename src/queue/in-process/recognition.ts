import type { QueueRecords } from '../../domain/queue-token.ts';
import type { ConcertQueues } from './concert-queues.ts';
import { isLive, type Place } from '../place.ts';
import type { Places } from './places.ts';
import type { Register } from './register.ts';
import type { SignsOfLife } from './signs-of-life.ts';
import { issuedAtMsOf, type TokenSubject } from '../token.ts';

/**
 * Finds the place that a token stands for. Forged and malformed tokens are refused without a look at anything; a token that
 * proved genuine before costs one look into a map; a genuine one that this process does not know is read from its row.
 */
export interface Recognition {
  /** Counts as a sign of life. Null when the token is not genuine. Throws Faults with effect `none`. */
  find(token: string): Place | null | Promise<Place>;
  /** The same for places in memory, without the sign of life. */
  findKnown(token: string): Place | undefined;
  /** The user for whom a genuine token speaks; null for any other text. No sign of life. */
  holderOf(token: string): string | null;
}

export function createRecognition(deps: {
  records: QueueRecords;
  queues: ConcertQueues;
  places: Places;
  register: Register;
  signs: SignsOfLife;
  /** A lower bound of the clock. */
  nowMs: () => number;
}): Recognition {
  const { records, queues, places, register, signs, nowMs } = deps;

  /** Ended too long ago for memory, or its row is gone; a live one is met only after somebody else wrote it. */
  async function lookUp(subject: TokenSubject): Promise<Place> {
    const row = await records.findOne(subject.tokenId);
    const known = places.withId(subject.tokenId);
    if (known !== undefined) return known;
    if (row === null) {
      const issuedAtMs = issuedAtMsOf(subject.tokenId);
      const gone = { status: 'EXPIRED', activatedAtMs: null, activeUntilMs: null, endedAtMs: issuedAtMs } as const;
      return register.remember({ ...subject, ...gone, no: 0, issuedAtMs });
    }
    if (!isLive(row)) return register.remember(row);
    const queue = await queues.open(row.concertId);
    if (queue === null) throw new Error(`a live token of concert ${row.concertId}, which does not exist`);
    return places.withId(row.tokenId) ?? register.takeIn(queue, row, { nowMs: nowMs(), isNew: false });
  }

  return {
    find(token) {
      const known = places.withText(token);
      if (known !== undefined) {
        signs.noteSign(known);
        return known;
      }
      const examined = places.examine(token);
      if (examined === null) return null;
      if (examined.place === undefined) return lookUp(examined.subject);
      signs.noteSign(examined.place);
      return examined.place;
    },

    holderOf: (token) => places.withText(token)?.userId ?? places.examine(token)?.subject.userId ?? null,

    findKnown: (token) => places.withText(token) ?? places.examine(token)?.place,
  };
}
