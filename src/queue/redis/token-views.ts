import type { Clock, DatabaseClock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import type { QueueCounts, QueuePlace, QueueToken } from '../../domain/queue-token.ts';
import type { Lane } from '../lane.ts';
import { withPatience } from '../patience.ts';
import { isLive, type Place, statusAt, tokenOf } from '../place.ts';
import { estimatedWaitSeconds, isPaused, pollAfterMs } from '../policy.ts';
import {
  type Awaitable,
  type LineStore,
  type LineSummary,
  type Looked,
  LOST,
  type Lost,
  type Standing,
} from '../line-store.ts';
import type { Mending } from './mending.ts';
import { createPolls } from './polls.ts';
import type { Entered } from './shared-entrance.ts';
import { isOpen, type OpenLine, type SharedLines } from './shared-lines.ts';
import type { SharedRecognition } from './shared-recognition.ts';
import type { Sighting, Sightings } from './sightings.ts';

/** Tokens as answers show them, with the positions that only Redis can tell. */
export interface TokenViews {
  /** The line, once Redis holds it; null when there is no such concert. Throws Faults with effect `none`. */
  openLine(concertId: number): Promise<OpenLine | null>;
  /** A sign of life. Without Redis, QUEUE_UNAVAILABLE for who waits, and the row for everybody else. */
  show(sighting: Sighting): Promise<QueueToken>;
  /** How an entry is answered. */
  showEntered(entered: Entered): Promise<QueueToken>;
  /** Where each stands, in their order; null for who is not live in Redis. No sign of life. Throws Faults. */
  look(sightings: readonly (Sighting | null)[]): Promise<readonly (QueuePlace | null)[]>;
  /** Throws Faults. */
  counts(concertId: number): Promise<QueueCounts>;
}

export function createTokenViews(deps: {
  readonly store: LineStore;
  readonly lines: SharedLines;
  readonly sightings: Sightings;
  readonly mending: Mending;
  readonly recognition: SharedRecognition;
  readonly lane: Lane;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly secondsPerPosition: number;
  readonly abandonMs: number;
}): TokenViews {
  const { store, lines, sightings, mending, recognition, lane, clock, databaseClock } = deps;
  const { secondsPerPosition, abandonMs } = deps;
  const polls = createPolls({ store });

  async function openLine(concertId: number): Promise<OpenLine | null> {
    if (!store.isUp) throw new Fault('QUEUE_UNAVAILABLE', 'none');
    const known = lines.get(concertId);
    if (known !== undefined && isOpen(known)) return known;
    // A rebuilding goes on without this caller; one that loses Redis fails at once.
    return withPatience(clock, lines.open(concertId), () => new Fault('QUEUE_UNAVAILABLE', 'none'));
  }

  function prospectOf(summary: LineSummary, queuePosition: number) {
    const { rate } = summary;
    return {
      queuePosition,
      estimatedWaitTime: estimatedWaitSeconds(summary, queuePosition, { rate, secondsPerPosition }),
      pollAfterMs: pollAfterMs(summary, queuePosition, abandonMs),
    };
  }

  function showStanding(sighting: Sighting, summary: LineSummary, standing: Standing): QueueToken {
    const place = sightings.learnStanding(sighting, standing, summary.closesAtMs);
    const prospect = () => prospectOf(summary, Math.max(1, standing.position));
    return tokenOf(place, sighting.token, databaseClock.lowerMs(), prospect);
  }

  /** Of somebody who does not wait. */
  function showPlace(sighting: Sighting, place: Place): QueueToken {
    return tokenOf(place, sighting.token, databaseClock.lowerMs(), () => null);
  }

  /** What `look` finds, the line rebuilt first if it is lost. Throws Faults. */
  async function lookInto(concertId: number, look: () => Awaitable<Lost | Looked>): Promise<Looked> {
    let looked = await look();
    if (looked === LOST) {
      lines.noteLost(concertId);
      await openLine(concertId);
      looked = await look();
    }
    if (looked === LOST) throw new Fault('QUEUE_UNAVAILABLE', 'none');
    return looked;
  }

  /** Null when the token is not in Redis. */
  function showLooked(sighting: Sighting, { summary, standings }: Looked, isSign: boolean): QueueToken | null {
    const [standing] = standings;
    if (standing === null || standing === undefined) return null;
    const shown = showStanding(sighting, summary, standing);
    if (isSign) sighting.isClaimed = true;
    return shown;
  }

  /** Null when the token is not in Redis. Throws Faults. */
  async function lookUp(sighting: Sighting, isSign: boolean): Promise<QueueToken | null> {
    const { concertId, tokenId } = sighting.subject;
    const look = () => (isSign ? polls.ask(concertId, tokenId) : store.look(concertId, [tokenId], false));
    return showLooked(sighting, await lookInto(concertId, look), isSign);
  }

  /** Of who waits the row cannot tell the position. */
  async function showStored(sighting: Sighting): Promise<QueueToken> {
    const place = await recognition.askStore(sighting);
    if (statusAt(place, databaseClock.lowerMs()) === 'WAITING') throw new Fault('QUEUE_UNAVAILABLE', 'none');
    return showPlace(sighting, place);
  }

  /** A live token that Redis does not have takes its place again. */
  async function putBack(sighting: Sighting): Promise<QueueToken> {
    const { concertId, tokenId } = sighting.subject;
    const place = await recognition.askStore(sighting);
    if (!isLive(place)) return showPlace(sighting, place);
    mending.add(concertId, [tokenId]);
    await withPatience(clock, lane.cycle(), () => new Fault('STORE_UNAVAILABLE', 'none'));
    return (await lookUp(sighting, true)) ?? showStored(sighting);
  }

  /** Who has ended is told so without the line; everybody else waits until it is rebuilt. */
  async function showLost(sighting: Sighting): Promise<QueueToken> {
    lines.noteLost(sighting.subject.concertId);
    const place = await recognition.askStore(sighting);
    if (!isLive(place)) return showPlace(sighting, place);
    return (await lookUp(sighting, true)) ?? putBack(sighting);
  }

  /** By one look, where Redis knows the token. */
  async function ask(sighting: Sighting): Promise<QueueToken> {
    const { concertId, tokenId } = sighting.subject;
    const looked = await polls.ask(concertId, tokenId);
    if (looked === LOST) return showLost(sighting);
    return showLooked(sighting, looked, true) ?? putBack(sighting);
  }

  return {
    openLine,

    async show(sighting) {
      const { place, subject } = sighting;
      if (place !== null && !isLive(place)) return showPlace(sighting, place);
      if (!store.isUp || mending.isAnnounced(subject.userId, subject.concertId)) return showStored(sighting);
      try {
        return await ask(sighting);
      } catch (error) {
        if (error instanceof Fault && error.code === 'QUEUE_UNAVAILABLE') return showStored(sighting);
        throw error;
      }
    },

    async showEntered({ row, created, looked }) {
      const sighting = sightings.meetSubject(row);
      if (created && looked !== null) return showStanding(sighting, looked.summary, looked.standing);
      try {
        return (await lookUp(sighting, !created)) ?? (await showStored(sighting));
      } catch (error) {
        throw error instanceof Fault && created ? new Fault(error.code, 'unknown', { cause: error }) : error;
      }
    },

    async look(sighted) {
      const places = new Map<Sighting, QueuePlace>();
      const concerts = Map.groupBy(
        sighted.filter((sighting) => sighting !== null),
        ({ subject }) => subject.concertId,
      );
      for (const [concertId, members] of concerts) {
        const tokenIds = members.map(({ subject }) => subject.tokenId);
        const { summary, standings } = await lookInto(concertId, () => store.look(concertId, tokenIds, false));
        members.forEach((sighting, nth) => {
          const standing = standings[nth] ?? null;
          if (standing === null) return;
          const { status, queuePosition, estimatedWaitTime } = showStanding(sighting, summary, standing);
          if (status === 'WAITING' || status === 'ACTIVE')
            places.set(sighting, { status, queuePosition, estimatedWaitTime });
        });
      }
      return sighted.map((sighting) => (sighting === null ? null : (places.get(sighting) ?? null)));
    },

    async counts(concertId) {
      // A concert that nobody knows has no line to open.
      if ((await openLine(concertId)) === null) return { waiting: 0, active: 0, maxActive: 0, paused: true };
      const { summary } = await lookInto(concertId, () => store.look(concertId, [], false));
      const { waiting, active, maxActive } = summary;
      return { waiting, active, maxActive, paused: isPaused(summary) };
    },
  };
}
