import { Fault } from '../../domain/errors.ts';
import type { QueueRecords } from '../../domain/queue-token.ts';
import type { QueueTerms } from '../concert-queues.ts';
import { isLive, type Place } from '../place.ts';
import { issuedAtMsOf } from '../token.ts';
import { type LineStore, LOST } from './line-store.ts';
import type { Mending } from './mending.ts';
import type { RedisLink } from './redis-link.ts';
import type { SharedLines } from './shared-lines.ts';
import type { Sighting, Sightings } from './sightings.ts';

/**
 * Finds the place that a token stands for: from what this node knows where that may be repeated, else in Redis, by one look-up that
 * is a sign of life as well, else from its row. That Redis does not know a token, or is away, says nothing about it.
 */
export interface SharedRecognition {
  find(sighting: Sighting): Place | Promise<Place>;
  /** The same, whatever this node knows. */
  ask(sighting: Sighting): Promise<Place>;
  /** What the token's row says, whatever Redis knows; no sign of life. A token whose row is gone reads EXPIRED. */
  askStore(sighting: Sighting): Promise<Place>;
}

export function createSharedRecognition(deps: {
  readonly records: QueueRecords;
  readonly link: RedisLink;
  readonly store: LineStore;
  readonly lines: SharedLines;
  readonly sightings: Sightings;
  readonly mending: Mending;
  readonly terms: (concertId: number) => Promise<QueueTerms | null>;
}): SharedRecognition {
  const { records, link, store, lines, sightings, mending, terms } = deps;

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

  async function askRedis(sighting: Sighting): Promise<Place> {
    const { tokenId, concertId } = sighting.subject;
    const touched = await store.touch(concertId, tokenId);
    if (touched === LOST) {
      lines.noteLost(concertId);
      return askStore(sighting);
    }
    if (touched.standing === null) {
      const place = await askStore(sighting);
      if (isLive(place)) mending.add(concertId, [tokenId]);
      return place;
    }
    const place = sightings.learnStanding(sighting, touched.standing, touched.closesAtMs);
    sighting.isClaimed = true;
    return place;
  }

  async function ask(sighting: Sighting): Promise<Place> {
    const { userId, concertId } = sighting.subject;
    // A completion that was announced is in its row before Redis hears of it.
    if (!link.isUp || mending.isAnnounced(userId, concertId)) return askStore(sighting);
    try {
      return await askRedis(sighting);
    } catch (error) {
      if (error instanceof Fault && error.code === 'QUEUE_UNAVAILABLE') return askStore(sighting);
      throw error;
    }
  }

  /** The first request of who was let in counts, also when its answer is known. */
  function claim(sighting: Sighting): void {
    sighting.isClaimed = true;
    store.touch(sighting.subject.concertId, sighting.subject.tokenId).catch(() => (sighting.isClaimed = false));
  }

  return {
    ask,
    askStore,

    find(sighting) {
      const { place, subject } = sighting;
      if (place === null || !sightings.mayRepeat(sighting, link.isHearing && link.isUp)) return ask(sighting);
      if (isLive(place)) {
        if (mending.isAnnounced(subject.userId, subject.concertId)) return ask(sighting);
        if (!sighting.isClaimed) claim(sighting);
      }
      return place;
    },
  };
}
