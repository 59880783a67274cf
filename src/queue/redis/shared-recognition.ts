import { Fault } from '../../domain/errors.ts';
import type { QueueRecords } from '../../domain/queue-token.ts';
import { type Awaitable, type LineStore, LOST, type QueueTerms } from '../line-store.ts';
import { isLive, type Place } from '../place.ts';
import { issuedAtMsOf } from '../token.ts';
import type { Mending } from './mending.ts';
import type { SharedLines } from './shared-lines.ts';
import type { Sighting, Sightings } from './sightings.ts';

/**
 * Finds the place that a token stands for: from what this node knows where that may be repeated, else in Redis, by one look-up that
 * is a sign of life as well, else from its row. That Redis does not know a token, or is away, says nothing about it.
 */
export interface SharedRecognition {
  find(sighting: Sighting): Awaitable<Place>;
  /** The same, whatever this node knows. */
  ask(sighting: Sighting): Awaitable<Place>;
  /** Notes a sign of life of the token's holder, where the line store can be asked. */
  sign(concertId: number, tokenId: string): void;
  /** What the token's row says, whatever Redis knows; no sign of life. A token whose row is gone reads EXPIRED. */
  askStore(sighting: Sighting): Promise<Place>;
}

type Touched = Awaited<ReturnType<LineStore['touch']>>;

export function createSharedRecognition(deps: {
  readonly records: QueueRecords;
  readonly store: LineStore;
  readonly lines: SharedLines;
  readonly sightings: Sightings;
  readonly mending: Mending;
  readonly terms: (concertId: number) => Promise<QueueTerms | null>;
}): SharedRecognition {
  const { records, store, lines, sightings, mending, terms } = deps;

  async function askStore(sighting: Sighting): Promise<Place> {
    const { subject } = sighting;
    const row = await records.findOne(subject.tokenId);
    if (row === null) {
      const issuedAtMs = issuedAtMsOf(subject.tokenId);
      const gone = { status: 'EXPIRED', activatedAtMs: null, activeUntilMs: null, endedAtMs: issuedAtMs } as const;
      return sightings.learnRow(sighting, { ...subject, ...gone, no: 0, issuedAtMs }, Number.POSITIVE_INFINITY);
    }
    const closesAtMs = row.status === 'WAITING' ? (await terms(row.concertId))?.bookingClosesAtMs : undefined;
    return sightings.learnRow(sighting, row, closesAtMs ?? Number.POSITIVE_INFINITY);
  }

  function learn(sighting: Sighting, touched: Touched): Awaitable<Place> {
    const { tokenId, concertId } = sighting.subject;
    if (touched === LOST) {
      lines.noteLost(concertId);
      return askStore(sighting);
    }
    if (touched.standing === null) {
      return askStore(sighting).then((place) => {
        if (isLive(place)) mending.add(concertId, [tokenId]);
        return place;
      });
    }
    const place = sightings.learnStanding(sighting, touched.standing, touched.closesAtMs);
    sighting.isClaimed = true;
    return place;
  }

  function ask(sighting: Sighting): Awaitable<Place> {
    const { userId, concertId, tokenId } = sighting.subject;
    // A completion that was announced is in its row before the line store hears of it.
    if (!store.isUp || mending.isAnnounced(userId, concertId)) return askStore(sighting);
    const touched = store.touch(concertId, tokenId);
    if (!(touched instanceof Promise)) return learn(sighting, touched);
    return touched.then(
      (answer) => learn(sighting, answer),
      (error: unknown) => {
        if (error instanceof Fault && error.code === 'QUEUE_UNAVAILABLE') return askStore(sighting);
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
  function claim(sighting: Sighting): void {
    sighting.isClaimed = true;
    sign(sighting.subject.concertId, sighting.subject.tokenId, () => (sighting.isClaimed = false));
  }

  return {
    ask,
    askStore,
    sign: (concertId, tokenId) => sign(concertId, tokenId),

    find(sighting) {
      const { place, subject } = sighting;
      if (place === null || !sightings.mayRepeat(sighting, store.isHearing && store.isUp)) return ask(sighting);
      if (isLive(place)) {
        if (mending.isAnnounced(subject.userId, subject.concertId)) return ask(sighting);
        if (!sighting.isClaimed) claim(sighting);
      }
      return place;
    },
  };
}
