import type { Clock, DatabaseClock } from '../runtime/clock.ts';
import { Fault } from '../domain/errors.ts';
import { placeIn, type QueueCounts, type QueuePlace, type QueueToken } from '../domain/queue-token.ts';
import type { WriteCycle } from './write-cycle.ts';
import { withPatience } from './patience.ts';
import { isLive, type Place, statusAt, tokenOf } from './place.ts';
import { isPaused, pollAfterMs } from './policy.ts';
import { estimateWait } from './wait-estimate.ts';
import {
  type Awaitable,
  type LineStore,
  type LineSummary,
  type Looked,
  LOST,
  type Lost,
  type Standing,
} from './line-store.ts';
import { type Gaps, isUnsettled } from './gaps.ts';
import type { Repair } from './repair.ts';
import { createPolls } from './polls.ts';
import type { Entered } from './entrance.ts';
import { isOpen, type OpenLine, type KnownLines } from './lines.ts';
import type { Recognition } from './recognition.ts';
import type { KnownToken, KnownTokens } from './known-tokens.ts';

/** Tokens as answers show them, with the positions that only the line store can tell. */
export interface TokenViews {
  /** The line, once the line store holds it; null when there is no such concert. Throws Faults with effect `none`. */
  openLine(concertId: number): Promise<OpenLine | null>;
  /** A sign of life. Without the line store, QUEUE_UNAVAILABLE for who waits, and the row for everybody else. */
  show(knownToken: KnownToken): Awaitable<QueueToken>;
  /** How an entry is answered. */
  showEntered(entered: Entered): Promise<QueueToken>;
  /** Where each stands, in their order; null for who is not live in the line store. No sign of life. Throws Faults. */
  look(knownTokens: readonly (KnownToken | null)[]): Promise<readonly (QueuePlace | null)[]>;
  /** Throws Faults. */
  counts(concertId: number): Promise<QueueCounts>;
}

export function createTokenViews(deps: {
  readonly store: LineStore;
  readonly lines: KnownLines;
  readonly knownTokens: KnownTokens;
  readonly repair: Repair;
  readonly gaps: Gaps;
  readonly recognition: Recognition;
  readonly writeCycle: WriteCycle;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly secondsPerPosition: number;
  readonly abandonMs: number;
}): TokenViews {
  const { store, lines, knownTokens, repair, gaps, recognition, writeCycle, clock, databaseClock } = deps;
  const { secondsPerPosition, abandonMs } = deps;
  const polls = createPolls({ store });

  /** A sign of life. Only the polls of a shared line gain by being asked together. */
  function poll(concertId: number, tokenId: string): Awaitable<Lost | Looked> {
    return store.exclusive === null ? polls.ask(concertId, tokenId) : store.look(concertId, [tokenId], true);
  }

  async function openLine(concertId: number): Promise<OpenLine | null> {
    if (!store.isUp) throw new Fault('QUEUE_UNAVAILABLE', 'none');
    const known = lines.get(concertId);
    if (known !== undefined && isOpen(known)) return known;
    // A rebuilding goes on without this caller; one that loses the line store fails at once.
    return withPatience(clock, lines.open(concertId), () => new Fault('QUEUE_UNAVAILABLE', 'none'));
  }

  function prospectOf(summary: LineSummary, queuePosition: number) {
    const estimate = estimateWait(summary, queuePosition, secondsPerPosition);
    return {
      queuePosition,
      estimatedWaitTime: estimate?.seconds ?? null,
      estimatedWaitRange: estimate?.range ?? null,
      pollAfterMs: pollAfterMs(summary, queuePosition, abandonMs),
    };
  }

  function showStanding(knownToken: KnownToken, summary: LineSummary, standing: Standing): QueueToken {
    const place = knownTokens.learnStanding(knownToken, standing, summary.closesAtMs);
    // GAP-1: rather the position that was told last than one that may rise.
    const position = standing.position ?? knownToken.position;
    if (position === null) throw new Fault('QUEUE_UNAVAILABLE', 'none');
    knownToken.position = position;
    const prospect = () => prospectOf(summary, Math.max(1, position));
    return tokenOf(place, knownToken.token, databaseClock.lowerMs(), prospect);
  }

  /** Of somebody who does not wait. */
  function showPlace(knownToken: KnownToken, place: Place): QueueToken {
    return tokenOf(place, knownToken.token, databaseClock.lowerMs(), () => null);
  }

  /** What `look` finds, the line rebuilt first if it is lost. Throws Faults. */
  async function lookInto(concertId: number, look: () => Awaitable<Lost | Looked>): Promise<Looked> {
    let looked = await gaps.settle(concertId, look);
    if (looked === LOST) {
      lines.noteLost(concertId);
      await openLine(concertId);
      looked = await gaps.settle(concertId, look);
    }
    if (looked === LOST) throw new Fault('QUEUE_UNAVAILABLE', 'none');
    return looked;
  }

  /** Null when the token is not in the line store. */
  function showLooked(knownToken: KnownToken, { summary, standings }: Looked, isSign: boolean): QueueToken | null {
    const [standing] = standings;
    if (standing === null || standing === undefined) return null;
    const shown = showStanding(knownToken, summary, standing);
    if (isSign) knownToken.isClaimed = true;
    return shown;
  }

  /** Null when the token is not in the line store. Throws Faults. */
  async function lookUp(knownToken: KnownToken, isSign: boolean): Promise<QueueToken | null> {
    const { concertId, tokenId } = knownToken.subject;
    const look = () => (isSign ? poll(concertId, tokenId) : store.look(concertId, [tokenId], false));
    return showLooked(knownToken, await lookInto(concertId, look), isSign);
  }

  /** Of who waits the row cannot tell the position. */
  async function showStored(knownToken: KnownToken): Promise<QueueToken> {
    const place = await recognition.askStore(knownToken);
    if (statusAt(place, databaseClock.lowerMs()) === 'WAITING') throw new Fault('QUEUE_UNAVAILABLE', 'none');
    return showPlace(knownToken, place);
  }

  /** A live token that the line store does not have takes its place again. */
  async function putBack(knownToken: KnownToken): Promise<QueueToken> {
    const { concertId, tokenId } = knownToken.subject;
    const place = await recognition.askStore(knownToken);
    if (!isLive(place)) return showPlace(knownToken, place);
    repair.add(concertId, [tokenId]);
    await withPatience(clock, writeCycle.next(), () => new Fault('STORE_UNAVAILABLE', 'none'));
    return (await lookUp(knownToken, true)) ?? showStored(knownToken);
  }

  /** A token that has ended is answered without the line; all others wait until it is rebuilt. */
  async function showLost(knownToken: KnownToken): Promise<QueueToken> {
    lines.noteLost(knownToken.subject.concertId);
    const place = await recognition.askStore(knownToken);
    if (!isLive(place)) return showPlace(knownToken, place);
    return (await lookUp(knownToken, true)) ?? putBack(knownToken);
  }

  function showOne(knownToken: KnownToken, looked: Lost | Looked): Awaitable<QueueToken> {
    if (looked === LOST) return showLost(knownToken);
    return showLooked(knownToken, looked, true) ?? putBack(knownToken);
  }

  /** By one look, where the line store knows the token; in the same turn, where the store answers so. */
  function ask(knownToken: KnownToken): Awaitable<QueueToken> {
    const { concertId, tokenId } = knownToken.subject;
    const looked = poll(concertId, tokenId);
    if (!(looked instanceof Promise)) return showOne(knownToken, looked);
    return settlePoll(knownToken, looked);
  }

  async function settlePoll(knownToken: KnownToken, polled: Promise<Lost | Looked>): Promise<QueueToken> {
    const { concertId, tokenId } = knownToken.subject;
    try {
      const looked = await polled;
      const isSettled = looked === LOST || !looked.standings.some(isUnsettled);
      return await showOne(
        knownToken,
        isSettled ? looked : await gaps.settle(concertId, () => poll(concertId, tokenId)),
      );
    } catch (error) {
      if (error instanceof Fault && error.code === 'QUEUE_UNAVAILABLE') return showStored(knownToken);
      throw error;
    }
  }

  return {
    openLine,

    show(knownToken) {
      const { place } = knownToken;
      if (place !== null && !isLive(place)) return showPlace(knownToken, place);
      if (!store.isUp) return showStored(knownToken);
      return ask(knownToken);
    },

    async showEntered({ row, created, looked }) {
      const knownToken = knownTokens.meetSubject(row);
      if (created && looked !== null) return showStanding(knownToken, looked.summary, looked.standing);
      try {
        return (await lookUp(knownToken, !created)) ?? (await showStored(knownToken));
      } catch (error) {
        throw error instanceof Fault && created ? new Fault(error.code, 'unknown', { cause: error }) : error;
      }
    },

    async look(sighted) {
      const places = new Map<KnownToken, QueuePlace>();
      const concerts = Map.groupBy(
        sighted.filter((knownToken) => knownToken !== null),
        ({ subject }) => subject.concertId,
      );
      for (const [concertId, members] of concerts) {
        const tokenIds = members.map(({ subject }) => subject.tokenId);
        const { summary, standings } = await lookInto(concertId, () => store.look(concertId, tokenIds, false));
        members.forEach((knownToken, nth) => {
          const standing = standings[nth] ?? null;
          if (standing === null) return;
          const shown = placeIn(showStanding(knownToken, summary, standing));
          if (shown.status === 'WAITING' || shown.status === 'ACTIVE') places.set(knownToken, shown);
        });
      }
      return sighted.map((knownToken) => (knownToken === null ? null : (places.get(knownToken) ?? null)));
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
