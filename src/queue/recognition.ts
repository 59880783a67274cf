import { Fault } from '../domain/errors.ts';
import type { QueueRecords } from '../domain/queue-token.ts';
import { type Awaitable, type LineStore, LOST, type QueueTerms } from './line-store.ts';
import { isLive, type Place } from './place.ts';
import { issuedAtMsOf } from './token.ts';
import type { Repair } from './repair.ts';
import type { KnownLines } from './lines.ts';
import type { KnownToken, KnownTokens } from './known-tokens.ts';

/**
 * Finds the place that a token stands for: from what this node knows where that may be repeated, else in the line store, by one
 * look-up that is a sign of life as well, else from its row. A line store that is away, or does not know a token, says nothing
 * about it.
 */
export interface Recognition {
  find(knownToken: KnownToken): Awaitable<Place>;
  /** The same, whatever this node knows. */
  ask(knownToken: KnownToken): Awaitable<Place>;
  /** Notes a sign of life of the token's holder, where the line store can be asked. */
  sign(concertId: number, tokenId: string): void;
  /** What the token's row says, whatever the line store knows; no sign of life. A token whose row is gone reads EXPIRED. */
  askStore(knownToken: KnownToken): Promise<Place>;
}

type Touched = Awaited<ReturnType<LineStore['touch']>>;

export function createRecognition(deps: {
  readonly records: QueueRecords;
  readonly store: LineStore;
  readonly lines: KnownLines;
  readonly knownTokens: KnownTokens;
  readonly repair: Repair;
  readonly terms: (concertId: number) => Promise<QueueTerms | null>;
}): Recognition {
  const { records, store, lines, knownTokens, repair, terms } = deps;

  async function askStore(knownToken: KnownToken): Promise<Place> {
    const { subject } = knownToken;
    const row = await records.findOne(subject.tokenId);
    if (row === null) {
      const issuedAtMs = issuedAtMsOf(subject.tokenId);
      const gone = { status: 'EXPIRED', activatedAtMs: null, activeUntilMs: null, endedAtMs: issuedAtMs } as const;
      return knownTokens.learnRow(knownToken, { ...subject, ...gone, no: 0, issuedAtMs }, Number.POSITIVE_INFINITY);
    }
    const closesAtMs = row.status === 'WAITING' ? (await terms(row.concertId))?.bookingClosesAtMs : undefined;
    return knownTokens.learnRow(knownToken, row, closesAtMs ?? Number.POSITIVE_INFINITY);
  }

  function learn(knownToken: KnownToken, touched: Touched): Awaitable<Place> {
    const { tokenId, concertId } = knownToken.subject;
    if (touched === LOST) {
      lines.noteLost(concertId);
      return askStore(knownToken);
    }
    if (touched.standing === null) {
      return askStore(knownToken).then((place) => {
        if (isLive(place)) repair.add(concertId, [tokenId]);
        return place;
      });
    }
    const place = knownTokens.learnStanding(knownToken, touched.standing, touched.closesAtMs);
    knownToken.isClaimed = true;
    return place;
  }

  function ask(knownToken: KnownToken): Awaitable<Place> {
    const { concertId, tokenId } = knownToken.subject;
    if (!store.isUp) return askStore(knownToken);
    const touched = store.touch(concertId, tokenId);
    if (!(touched instanceof Promise)) return learn(knownToken, touched);
    return touched.then(
      (answer) => learn(knownToken, answer),
      (error: unknown) => {
        if (error instanceof Fault && error.code === 'QUEUE_UNAVAILABLE') return askStore(knownToken);
        throw error;
      },
    );
  }

  /** Does not wait for the store; `onFailure` is called when it did not answer. */
  function sign(concertId: number, tokenId: string, onFailure: () => void = () => undefined): void {
    const touched = store.touch(concertId, tokenId);
    if (touched instanceof Promise) touched.catch(onFailure);
  }

  /** The first request of an admitted holder counts, also when its answer is known. */
  function claim(knownToken: KnownToken): void {
    knownToken.isClaimed = true;
    sign(knownToken.subject.concertId, knownToken.subject.tokenId, () => (knownToken.isClaimed = false));
  }

  return {
    ask,
    askStore,
    sign: (concertId, tokenId) => sign(concertId, tokenId),

    find(knownToken) {
      const { place } = knownToken;
      if (place === null || !knownTokens.mayRepeat(knownToken, store.isHearing && store.isUp)) return ask(knownToken);
      if (isLive(place) && !knownToken.isClaimed) claim(knownToken);
      return place;
    },
  };
}
