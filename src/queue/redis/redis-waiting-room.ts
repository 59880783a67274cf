/**
 * The waiting room that nodes share: lines in Redis, their record in PostgreSQL.
 *
 * W1. What is shown is recorded: entries, admissions and ends are in PostgreSQL before anybody hears of them.
 * W2. No node leads. Whatever is decided about a line is decided by one script in Redis, and recorded under the generation that
 *     Redis holds it under.
 * W3. Redis holds nothing that is not recorded, or that would be missed: emptied, it is rebuilt; away, tokens are known from
 *     their rows, and only what it alone can tell is refused.
 */
import { type Clock, type DatabaseClock, systemClock } from '../../runtime/clock.ts';
import { accept, type Decision, Fault, reject } from '../../domain/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { QueueRecords, QueueToken, QueueTokenStatus, QueueWatch, WaitingRoom } from '../../domain/queue-token.ts';
import type { QueueTerms } from '../line-store.ts';
import { createLane, type FlushResult } from '../lane.ts';
import { PATIENCE_MS, withPatience } from '../patience.ts';
import { END_CODES, identityOf, isLive, isOverdue, statusAt } from '../place.ts';
import { isPaused } from '../policy.ts';
import type { PresenceSettings } from '../presence-settings.ts';
import { createSteadyClock } from '../steady-clock.ts';
import { createTokenScribe } from '../token.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createReconciler } from './line-reconciliation.ts';
import { createLineRebuild } from './line-rebuild.ts';

import { createMending } from './mending.ts';
import { createPolicyChanges } from './policy-changes.ts';
import { createRecordedChanges } from './recorded-changes.ts';
import { createRedisLineStore } from './redis-line-store.ts';
import { createSharedAdmissions } from './shared-admissions.ts';
import { createSharedEnds } from './shared-ends.ts';
import { createSharedEntrance } from './shared-entrance.ts';
import { createSharedLines } from './shared-lines.ts';
import { createSharedRecognition } from './shared-recognition.ts';
import { createSightings } from './sightings.ts';
import { createTokenViews } from './token-views.ts';

export interface RedisWaitingRoomSettings {
  readonly redisUrl: string;
  /** How long Redis may be silent before it counts as away, if not 300 ms. */
  readonly commandLimitMs?: number;
  /** Of this run of this node; names it among the others in Redis. */
  readonly nodeName: string;
  readonly records: QueueRecords;
  /** A concert's policy and end of booking as the database has them now, or null. */
  readonly policies: (concertId: number) => Promise<QueueTerms | null>;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  /** The service's secret, from which the key of the tokens is derived. */
  readonly tokenSecret: string;
  readonly log: Log;
  readonly settings: PresenceSettings;
}

export interface RedisWaitingRoom extends WaitingRoom, QueueWatch {
  /** Whether Redis is away, so that nobody is admitted. */
  readonly isDegraded: boolean;
  /** Begins whether or not Redis and the database answer; what is not there is met when they do. */
  start(): Promise<void>;
  /** Answers what is under way, within the callers' patience, and stops. */
  close(): Promise<void>;
}

export function createRedisWaitingRoom(deps: RedisWaitingRoomSettings): RedisWaitingRoom {
  const { redisUrl, nodeName, records, policies: terms, clock, tokenSecret, log, settings } = deps;
  const { secondsPerPosition, abandonMs, noShowMs } = settings;
  const databaseClock = createSteadyClock(deps.databaseClock);
  const scribe = createTokenScribe({ secret: tokenSecret });
  let state: 'new' | 'open' | 'closed' = 'new';
  let isStoreAway = false;
  const underWay = new Set<Promise<unknown>>();

  const wake = (): void => lane.wake();
  const nowMs = (): number => databaseClock.lowerMs();

  function onFailure(error: unknown): void {
    if (!(error instanceof Fault)) {
      log.error({ err: error }, 'the waiting room failed to record something');
    } else if (error.code !== 'QUEUE_UNAVAILABLE' && !isStoreAway) {
      isStoreAway = true;
      log.warn({ err: error }, 'the waiting room cannot record anything at present');
    }
  }

  const store = createRedisLineStore({
    redisUrl,
    commandLimitMs: deps.commandLimitMs,
    nodeName,
    databaseClock,
    log,
    abandonMs,
    noShowMs,
  });
  const sightings = createSightings({ scribe, clock });
  const base = { records, store, databaseClock, wake, onFailure };
  const policyChanges = createPolicyChanges({ ...base, lines: () => lines, terms });
  const rebuild = createLineRebuild({ ...base, clock: systemClock, log });
  const lines = createSharedLines({
    ...base,
    rebuild,
    terms,
    clock,
    onSuspended: (concertId) => policyChanges.note(concertId),
  });
  const changes = createRecordedChanges({ store, lines, sightings });
  const mending = createMending({ ...base, lines, changes });
  const admissions = createSharedAdmissions({ ...base, lines, machineClock: systemClock, sightings, changes, mending });
  const ends = createSharedEnds({
    ...base,
    lines,
    sightings,
    changes,
    mending,
    mayJudge: () => heartbeat.mayJudge,
    onProposed: admissions.complete,
  });
  const entrance = createSharedEntrance({ ...base, clock, lines, ends, mending });
  const lane = createLane({ clock, works: [policyChanges, mending, ends, entrance, admissions], afterCycle });
  const reconciler = createReconciler({ clock, records, store, ends, changes, policyChanges, terms });
  const recognition = createSharedRecognition({ ...base, lines, sightings, mending, terms });
  const views = createTokenViews({
    ...base,
    lines,
    sightings,
    mending,
    recognition,
    lane,
    clock,
    secondsPerPosition,
    abandonMs,
  });
  const heartbeat = createHeartbeat({
    ...base,
    clock,
    lines,
    sightings,
    reconciler,
    onAbsent: (sighting) => void recognition.askStore(sighting).catch(onFailure),
    abandonMs,
    noShowMs,
  });

  store.listen({
    onUp() {
      heartbeat.startAfresh();
      if (state === 'open') void heartbeat.beat();
    },
    onDown: () => entrance.refuseUnsent(),
    // Nothing else rests on news that was missed.
    onHearing: () => heartbeat.lookAtWatched(),
    onSummary: (concertId, summary) => lines.noteSummary(concertId, summary),
    onActive: (tokenId) => sightings.noteActive(tokenId, null, null),
    onEnded: ({ tokenId, status, endedAtMs }) => sightings.noteEnded(tokenId, status, endedAtMs),
    onChanged(concertId) {
      const line = lines.get(concertId);
      if (line !== undefined && (line.summary?.waiting ?? 0) > 0) lines.noteChanged(line);
    },
  });

  function afterCycle(result: FlushResult): void {
    if (result === 'done' && isStoreAway) {
      isStoreAway = false;
      log.info({}, 'the waiting room records again');
    }
    entrance.answer();
  }

  function assertOpen(): void {
    if (state !== 'open') throw new Fault('QUEUE_UNAVAILABLE', 'none');
  }

  /** Keeps what callers wait for in sight, so that a stop can let it end. */
  function track<T>(answer: Promise<T>): Promise<T> {
    underWay.add(answer);
    const forget = (): void => void underWay.delete(answer);
    answer.then(forget, forget);
    return answer;
  }

  /** Gives the token its turn, if it has one now. */
  async function tryTurn(concertId: number): Promise<void> {
    const line = await views.openLine(concertId);
    if (line === null) return;
    lines.noteChanged(line);
    const result = await withPatience(clock, lane.cycle(), () => new Fault('STORE_UNAVAILABLE', 'unknown'));
    assertOpen();
    if (result === 'failed') throw new Fault('STORE_UNAVAILABLE', 'unknown');
  }

  async function open(): Promise<void> {
    if (state !== 'new') return;
    if (!Number.isFinite(deps.databaseClock.upperMs()))
      throw new Error('the waiting room starts before the clock is known');
    await store.start();
    state = 'open';
    await heartbeat.beat();
    heartbeat.start();
  }

  async function enter(userId: string, concertId: number) {
    assertOpen();
    const line = await views.openLine(concertId);
    if (line === null) throw new Error(`there is no concert ${concertId}`);
    const entered = await entrance.enter(line, userId);
    return { created: entered.created, token: await views.showEntered(entered) };
  }

  async function activate(token: string): Promise<Decision<QueueToken>> {
    assertOpen();
    const sighting = sightings.meet(token);
    if (sighting === null) return reject('UNAUTHENTICATED');
    const place = await recognition.find(sighting);
    if (statusAt(place, nowMs()) === 'WAITING') await tryTurn(sighting.subject.concertId);
    const shown = await views.show(sighting);
    switch (shown.status) {
      case 'ACTIVE':
        return accept(shown);
      case 'WAITING': {
        const { queuePosition, estimatedWaitTime } = shown;
        return reject('QUEUE_NOT_YOUR_TURN', { queuePosition, estimatedWaitTime });
      }
      default:
        return reject(END_CODES[shown.status]);
    }
  }

  async function leave(token: string) {
    assertOpen();
    const sighting = sightings.meet(token);
    if (sighting === null) return null;
    const { tokenId, concertId } = sighting.subject;
    const found = await recognition.find(sighting);
    if (!isLive(found) || isOverdue(found, nowMs())) {
      return { identity: identityOf(found, token, nowMs()), left: false };
    }
    const late = (): Fault => new Fault('STORE_UNAVAILABLE', 'unknown');
    const left = await withPatience(clock, ends.cancel(concertId, tokenId), late);
    const place = sighting.place !== null && !isLive(sighting.place) ? sighting.place : await recognition.ask(sighting);
    return { identity: identityOf(place, token, nowMs()), left };
  }

  let starting: Promise<void> | null = null;

  return {
    get isDegraded() {
      return !store.isUp;
    },

    start: () => (starting ??= open()),

    async close() {
      if (state === 'closed') return;
      const wasOpen = state === 'open';
      state = 'closed';
      if (wasOpen) {
        const patience = new Promise<void>((resolve) => void clock.after(PATIENCE_MS, resolve));
        await Promise.race([Promise.allSettled(underWay), patience]);
      }
      await lane.close();
      await entrance.settle();
      entrance.refuseAll();
      ends.refuseAll(new Fault('QUEUE_UNAVAILABLE', 'none'));
      lines.close();
      await heartbeat.close();
      await store.close();
    },

    enter: (userId, concertId) => track(enter(userId, concertId)),

    holderOf: (token) => sightings.meet(token)?.subject.userId ?? null,

    identify(token) {
      // Callers on the hot path expect a value or a promise, never a throw.
      if (state !== 'open') return Promise.reject(new Fault('QUEUE_UNAVAILABLE', 'none'));
      const sighting = sightings.meet(token);
      if (sighting === null) return null;
      const place = recognition.find(sighting);
      if (place instanceof Promise) return place.then((found) => identityOf(found, token, nowMs()));
      return identityOf(place, token, nowMs());
    },

    async status(token) {
      assertOpen();
      const sighting = sightings.meet(token);
      return sighting === null ? null : views.show(sighting);
    },

    activate: (token) => track(activate(token)),
    leave: (token) => track(leave(token)),

    noteCompleted: (userId, concertId) => mending.addUser(userId, concertId),

    notePolicyChanged: (concertId) => policyChanges.note(concertId),

    async counts(concertId) {
      assertOpen();
      return views.counts(concertId);
    },

    watch(token, changed) {
      const sighting = sightings.meet(token);
      if (sighting?.place === undefined || sighting.place === null || !isLive(sighting.place)) return null;
      const { concertId, tokenId } = sighting.subject;
      const sign = (): void => recognition.sign(concertId, tokenId);
      sign();
      const watchers = (sighting.watchers ??= new Set());
      sightings.noteWatched(sighting);
      // A function of its own, so that one listener may watch twice.
      const tell = (status: QueueTokenStatus): void => changed(status);
      watchers.add(tell);
      return () => {
        watchers.delete(tell);
        if (watchers.size > 0 || sighting.watchers !== watchers) return;
        sighting.watchers = null;
        sightings.noteWatched(sighting);
        sign();
      };
    },

    async look(tokens) {
      assertOpen();
      return views.look(tokens.map((token) => sightings.meet(token)));
    },

    measure() {
      return Array.from(lines.all()).flatMap(({ concertId, summary, entries, admissions: shown }) =>
        summary === null
          ? []
          : [
              {
                concertId,
                waiting: summary.waiting,
                active: summary.active,
                isPaused: isPaused(summary),
                entries,
                admissions: shown,
              },
            ],
      );
    },
  };
}
