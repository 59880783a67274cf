/**
 * The waiting room: lines in a line store, their record in PostgreSQL.
 *
 * ROOM-1. Only recorded facts are shown: entries, admissions and ends are in PostgreSQL before anyone learns of them.
 * ROOM-2. No node leads. One operation of the line store makes each decision about a line, and PostgreSQL records it under the
 *     generation under which the store holds the line.
 * ROOM-3. The store holds nothing that is not recorded, or that would be missed: emptied, it is rebuilt; away, tokens are known
 *     from their rows, and only what the store alone can tell is refused.
 * ROOM-4. Of an exclusive store one process writes the lines: it takes them over when it starts. Once another process has taken
 *     over one of them, everything is refused here.
 */
import { type Clock, type DatabaseClock, systemClock, pause } from '../runtime/clock.ts';
import { accept, type Decision, Fault, reject } from '../domain/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { QueueRecords, QueueToken, QueueTokenStatus, QueueWatch, WaitingRoom } from '../domain/queue-token.ts';
import type { LineStore, QueueTerms } from './line-store.ts';
import { createWriteCycle, type FlushResult } from './write-cycle.ts';
import { PATIENCE_MS, withPatience } from './patience.ts';
import { END_CODES, identityOf, isLive, isOverdue, statusAt } from './place.ts';
import { isPaused } from './policy.ts';
import type { PresenceSettings } from './presence-settings.ts';
import { createSteadyClock } from './steady-clock.ts';
import { createTakeOver } from './take-over.ts';
import { createTokenScribe } from './token.ts';
import { createGaps } from './gaps.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createReconciler } from './reconciliation.ts';
import { createLineRebuild } from './line-rebuild.ts';
import { createRepair } from './repair.ts';
import { createPolicyChanges } from './policy-changes.ts';
import { createRecordedChanges } from './recorded-changes.ts';
import { createAdmissions } from './admissions.ts';
import { createEnds } from './ends.ts';
import { createEntrance } from './entrance.ts';
import { createKnownLines, isOpen } from './lines.ts';
import { createRecognition } from './recognition.ts';
import { createKnownTokens } from './known-tokens.ts';
import { createTokenViews } from './token-views.ts';

export interface WaitingRoomSettings {
  /** The room starts and closes it. */
  readonly store: LineStore;
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

export interface QueueRoom extends WaitingRoom, QueueWatch {
  /** Whether the line store is away, so that no one is admitted. */
  readonly isDegraded: boolean;
  /**
   * Begins whether or not the store and the database answer; what is not there is met when they do. With an exclusive store it
   * throws a Fault `STORE_UNAVAILABLE` when the database does not answer, and may be called again. Lines are opened after it, those
   * that requests ask for first.
   */
  start(): Promise<void>;
  /** Resolves when the room has started and has tried to open every line with live tokens. Never rejects. */
  readonly opened: Promise<void>;
  /** Answers what is under way, within the callers' patience, and stops. */
  close(): Promise<void>;
}

export function createWaitingRoom(deps: WaitingRoomSettings): QueueRoom {
  const { store, records, policies: terms, clock, tokenSecret, log, settings } = deps;
  const { secondsPerPosition, abandonMs, noShowMs, idleMs } = settings;
  const databaseClock = createSteadyClock(deps.databaseClock);
  const scribe = createTokenScribe({ secret: tokenSecret });
  let state: 'new' | 'open' | 'fenced' | 'closed' = 'new';
  let isStoreAway = false;
  const underWay = new Set<Promise<unknown>>();
  const opened = Promise.withResolvers<void>();

  const wake = (): void => writeCycle.wake();
  const nowMs = (): number => databaseClock.lowerMs();

  function onFailure(error: unknown): void {
    if (!(error instanceof Fault)) {
      log.error({ err: error }, 'the waiting room failed to record something');
    } else if (error.code !== 'QUEUE_UNAVAILABLE' && !isStoreAway) {
      isStoreAway = true;
      log.warn({ err: error }, 'the waiting room cannot record anything at present');
    }
  }

  function onFenced(): void {
    if (state === 'fenced' || state === 'closed') return;
    state = 'fenced';
    log.error({}, 'another process has taken the waiting room over');
    refuseAll();
    void stop();
  }

  function refuseAll(): void {
    entrance.refuseAll();
    ends.refuseAll(new Fault('QUEUE_UNAVAILABLE', 'none'));
  }

  async function stop(): Promise<void> {
    lines.close();
    await Promise.all([writeCycle.close(), heartbeat.close()]);
  }

  const knownTokens = createKnownTokens({ scribe, clock });
  const base = { records, store, databaseClock, wake, onFenced, onFailure };
  const takeOver = createTakeOver({ records, isExclusive: store.exclusive !== null, onFenced });
  const policyChanges = createPolicyChanges({ ...base, lines: () => lines, terms });
  const rebuild = createLineRebuild({ ...base, takeOver: takeOver.take, clock: systemClock, log });
  const lines = createKnownLines({
    ...base,
    rebuild,
    terms,
    clock,
    onSuspended: (concertId) => policyChanges.note(concertId),
  });
  const changes = createRecordedChanges({ store, lines, knownTokens });
  const repair = createRepair({ ...base, lines, changes, machineClock: systemClock });
  const gaps = createGaps({ records, store, clock: systemClock });
  const admissions = createAdmissions({ ...base, lines, machineClock: systemClock, knownTokens, changes, repair });
  const ends = createEnds({
    ...base,
    lines,
    knownTokens,
    changes,
    repair,
    machineClock: systemClock,
    mayJudge: () => heartbeat.mayJudge,
    onProposed: admissions.complete,
  });
  const entrance = createEntrance({ ...base, clock, lines, ends, repair, gaps });
  const writeCycle = createWriteCycle({
    clock,
    works: [policyChanges, repair, ends, entrance, admissions],
    afterCycle,
  });
  const reconciler = createReconciler({ clock, records, store, ends, changes, policyChanges, terms });
  const recognition = createRecognition({ ...base, lines, knownTokens, repair, terms });
  const views = createTokenViews({
    ...base,
    lines,
    knownTokens,
    repair,
    gaps,
    recognition,
    writeCycle,
    clock,
    secondsPerPosition,
    abandonMs,
  });
  const heartbeat = createHeartbeat({
    ...base,
    clock,
    lines,
    knownTokens,
    reconciler,
    onAbsent: (knownToken) => void recognition.askStore(knownToken).catch(onFailure),
    abandonMs,
    noShowMs,
    idleMs,
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
    onActive: (tokenId) => knownTokens.noteActive(tokenId, null, null),
    onEnded: ({ tokenId, status, endedAtMs }) => knownTokens.noteEnded(tokenId, status, endedAtMs),
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
    entrance.answer(result === 'failed');
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
    const result = await withPatience(clock, writeCycle.next(), () => new Fault('STORE_UNAVAILABLE', 'unknown'));
    assertOpen();
    if (result === 'failed') throw new Fault('STORE_UNAVAILABLE', 'unknown');
  }

  async function open(): Promise<void> {
    if (state !== 'new') return;
    if (!Number.isFinite(deps.databaseClock.upperMs()))
      throw new Error('the waiting room starts before the clock is known');
    await takeOver.start();
    await store.start();
    if (state !== 'new') return;
    state = 'open';
    const beganMs = clock.monotonicMs();
    void heartbeat.start().then(() => {
      const lineCount = [...lines.all()].filter(isOpen).length;
      log.info({ lines: lineCount, tookMs: Math.round(clock.monotonicMs() - beganMs) }, 'the lines are open');
      opened.resolve();
    });
  }

  /** The user's live token, where an exclusive store has one that is not about to end. A sign of life. */
  async function findLive(userId: string, concertId: number): Promise<QueueToken | null> {
    const tokenId = store.exclusive?.tokenOfUser(concertId, userId) ?? null;
    if (tokenId === null || ends.isUnderWay(tokenId)) return null;
    const shown = await views.show(knownTokens.meetSubject({ tokenId, userId, concertId }));
    return isLive(shown) ? shown : null;
  }

  async function enter(userId: string, concertId: number) {
    assertOpen();
    const line = await views.openLine(concertId);
    if (line === null) throw new Error(`there is no concert ${concertId}`);
    if (store.exclusive !== null) {
      const live = await findLive(userId, concertId);
      if (live !== null) return { created: false, token: live };
      if (store.exclusive.isFull) throw new Fault('OVERLOADED', 'none');
    }
    const entered = await entrance.enter(line, userId);
    return { created: entered.created, token: await views.showEntered(entered) };
  }

  async function activate(token: string): Promise<Decision<QueueToken>> {
    assertOpen();
    const knownToken = knownTokens.meet(token);
    if (knownToken === null) return reject('UNAUTHENTICATED');
    const place = await recognition.find(knownToken);
    if (statusAt(place, nowMs()) === 'WAITING') await tryTurn(knownToken.subject.concertId);
    const shown = await views.show(knownToken);
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
    const knownToken = knownTokens.meet(token);
    if (knownToken === null) return null;
    const { tokenId, concertId } = knownToken.subject;
    const found = await recognition.find(knownToken);
    if (!isLive(found) || isOverdue(found, nowMs())) {
      return { identity: identityOf(found, token, nowMs()), left: false };
    }
    const late = (): Fault => new Fault('STORE_UNAVAILABLE', 'unknown');
    const left = await withPatience(clock, ends.cancel(concertId, tokenId), late);
    const place =
      knownToken.place !== null && !isLive(knownToken.place) ? knownToken.place : await recognition.ask(knownToken);
    return { identity: identityOf(place, token, nowMs()), left };
  }

  let starting: Promise<void> | null = null;

  return {
    get isDegraded() {
      return !store.isUp;
    },

    opened: opened.promise,

    start: () => (starting ??= open().finally(() => (starting = null))),

    async close() {
      if (state === 'closed') return;
      const wasOpen = state === 'open';
      state = 'closed';
      if (wasOpen) {
        await Promise.race([Promise.allSettled(underWay), pause(clock, PATIENCE_MS)]);
      }
      await writeCycle.close();
      await entrance.settle();
      refuseAll();
      await stop();
      await store.close();
    },

    enter: (userId, concertId) => track(enter(userId, concertId)),

    holderOf: (token) => knownTokens.meet(token)?.subject.userId ?? null,

    identify(token) {
      // Callers on the hot path expect a value or a promise, never a throw.
      if (state !== 'open') return Promise.reject(new Fault('QUEUE_UNAVAILABLE', 'none'));
      const knownToken = knownTokens.meet(token);
      if (knownToken === null) return null;
      const place = recognition.find(knownToken);
      if (place instanceof Promise) return place.then((found) => identityOf(found, token, nowMs()));
      return identityOf(place, token, nowMs());
    },

    async status(token) {
      assertOpen();
      const knownToken = knownTokens.meet(token);
      return knownToken === null ? null : views.show(knownToken);
    },

    activate: (token) => track(activate(token)),
    leave: (token) => track(leave(token)),

    noteCompleted: (concertId, completed) => ends.noteCompleted(concertId, completed),

    notePolicyChanged: (concertId) => policyChanges.note(concertId),

    async counts(concertId) {
      assertOpen();
      return views.counts(concertId);
    },

    watch(token, changed) {
      const knownToken = knownTokens.meet(token);
      if (knownToken?.place === undefined || knownToken.place === null || !isLive(knownToken.place)) return null;
      const { concertId, tokenId } = knownToken.subject;
      const sign = (): void => recognition.sign(concertId, tokenId);
      sign();
      const watchers = (knownToken.watchers ??= new Set());
      knownTokens.noteWatched(knownToken);
      // A function of its own, so that one listener may watch twice.
      const tell = (status: QueueTokenStatus): void => changed(status);
      watchers.add(tell);
      return () => {
        watchers.delete(tell);
        if (watchers.size > 0 || knownToken.watchers !== watchers) return;
        knownToken.watchers = null;
        knownTokens.noteWatched(knownToken);
        sign();
      };
    },

    async look(tokens) {
      assertOpen();
      return views.look(tokens.map((token) => knownTokens.meet(token)));
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
