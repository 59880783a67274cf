/**
 * The waiting room of a service of one node: lines in this process's memory, their durable record in PostgreSQL.
 *
 * W1. What is shown is recorded: entries, admissions and ends are in PostgreSQL first, then in memory, then in an answer.
 * W2. One process writes: it takes the lines over when it starts, and an older one's writes are refused from then on.
 * W3. What is remembered about who is still there begins anew with the process.
 */
import type { Clock, DatabaseClock } from '../../runtime/clock.ts';
import { accept, Fault, reject } from '../../domain/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { QueueRecords, QueueToken, QueueTokenStatus, QueueWatch, WaitingRoom } from '../../domain/queue-token.ts';
import { createAdmissions } from './admissions.ts';
import { createAgenda } from './agenda.ts';
import { createConcertQueues } from './concert-queues.ts';
import { createDoubts } from './doubts.ts';
import { createEnds } from './ends.ts';
import { createEntrance } from './entrance.ts';
import type { QueueTerms } from '../line-store.ts';
import { createWriteCycle, type FlushResult } from '../write-cycle.ts';
import { PATIENCE_MS, withPatience } from '../patience.ts';
import { END_CODES, identityOf, isLive, isOverdue, type Place, statusAt, tokenOf } from '../place.ts';
import { createPlaces } from './places.ts';
import { isPaused } from '../policy.ts';
import type { PresenceSettings } from '../presence-settings.ts';
import { createRecognition } from './recognition.ts';
import { createReconciliation } from './reconciliation.ts';
import { createRegister } from './register.ts';
import { createSignsOfLife } from './signs-of-life.ts';
import { createSteadyClock } from '../steady-clock.ts';
import { createTokenScribe } from '../token.ts';

/** Live tokens of all concerts together; about 600 MiB of memory. */
const MOST_LIVE_TOKENS = 1_000_000;

export interface InProcessWaitingRoomSettings {
  readonly records: QueueRecords;
  /** A concert's policy and end of booking, or null. From memory where possible: it is asked once per line and change. */
  readonly policies: (concertId: number) => Promise<QueueTerms | null>;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  /** The service's secret, from which the key of the tokens is derived. */
  readonly tokenSecret: string;
  readonly log: Log;
  readonly settings: PresenceSettings;
}

export interface InProcessWaitingRoom extends WaitingRoom, QueueWatch {
  /** False: it needs nothing but PostgreSQL. */
  readonly isDegraded: boolean;
  /** Takes the lines over and loads them. Throws a Fault `STORE_UNAVAILABLE` when the database does not answer. */
  start(): Promise<void>;
  /** Answers what is under way, within the callers' patience, and stops. */
  close(): Promise<void>;
}

export function createInProcessWaitingRoom(deps: InProcessWaitingRoomSettings): InProcessWaitingRoom {
  const { records, policies, clock, tokenSecret, log, settings } = deps;
  const databaseClock = createSteadyClock(deps.databaseClock);
  const { secondsPerPosition, abandonMs, noShowMs } = settings;
  let state: 'new' | 'open' | 'fenced' | 'closed' = 'new';
  let starting: Promise<void> | null = null;
  let isStoreAway = false;

  function onFenced(): void {
    if (state === 'fenced') return;
    state = 'fenced';
    log.error({}, 'another process has taken the waiting room over');
    refuseAll();
    stopTimers();
    void writeCycle.close();
  }

  function refuseAll(): void {
    const fault = new Fault('QUEUE_UNAVAILABLE', 'none');
    entrance.refuseAll(fault);
    ends.refuseAll(fault);
  }

  function onFailure(error: unknown): void {
    if (!(error instanceof Fault)) {
      log.error({ err: error }, 'the waiting room failed to record something');
    } else if (!isStoreAway) {
      isStoreAway = true;
      log.warn({ err: error }, 'the waiting room cannot record anything at present');
    }
  }

  function afterCycle(result: FlushResult): void {
    if (result === 'done' && isStoreAway) {
      isStoreAway = false;
      log.info({}, 'the waiting room records again');
    }
    entrance.answer();
    agenda.setAlarms();
  }

  const wake = (): void => writeCycle.wake();
  const queueOf = (concertId: number) => queues.get(concertId);
  const nowMs = (): number => databaseClock.lowerMs();

  const time = { clock, databaseClock };
  const store = { records, onFenced, onFailure };
  const places = createPlaces({ scribe: createTokenScribe({ secret: tokenSecret }) });
  const signs = createSignsOfLife({
    clock,
    abandonMs,
    noShowMs,
    onMissing: (place) => ends.expireMissing(place, () => signs.isMissing(place)),
  });
  const agenda = createAgenda({ ...time, wake });
  const register = createRegister({ places, signs, agenda, queueOf });
  const doubts = createDoubts(store);
  const ends = createEnds({ ...store, databaseClock, agenda, register, doubts, queueOf, wake });
  const queues = createConcertQueues({
    ...store,
    policies,
    databaseClock,
    secondsPerPosition,
    abandonMs,
    takeIn: (queue, row) => register.takeIn(queue, row, { nowMs: nowMs(), isNew: false }),
    onAdopted: (queue) => agenda.note(queue),
    wake,
  });
  const entrance = createEntrance({ ...store, ...time, places, register, ends, doubts, wake });
  const admissions = createAdmissions({ ...store, databaseClock, agenda, register, doubts });
  const writeCycle = createWriteCycle({ clock, works: [doubts, queues.work, ends, entrance, admissions], afterCycle });
  const recognition = createRecognition({ records, queues, places, register, signs, nowMs });
  const reconciliation = createReconciliation({
    ...time,
    records,
    queues: () => queues.all(),
    places,
    register,
    ends,
    signs,
    onFailure,
  });

  function stopTimers(): void {
    agenda.close();
    signs.close();
    void reconciliation.close();
  }

  function assertOpen(): void {
    if (state !== 'open') throw new Fault('QUEUE_UNAVAILABLE', 'none');
  }

  function showToken(place: Place): QueueToken {
    const now = nowMs();
    return tokenOf(place, places.textOf(place), now, () => queueOf(place.concertId)?.prospectOf(place, now) ?? null);
  }

  function findPlace(token: string): Place | null | Promise<Place> {
    assertOpen();
    return recognition.find(token);
  }

  /** Gives the place its turn, if it has one now. */
  async function tryTurn(place: Place): Promise<void> {
    const queue = queueOf(place.concertId);
    if (queue === undefined) return;
    const mayEnter = (): boolean => queue.isSuspended || queue.isNext(place, nowMs());
    // The second cycle is for whom the first one found under a policy that it then replaced.
    for (let cycle = 1; cycle <= 2 && mayEnter(); cycle += 1) {
      agenda.note(queue);
      const result = await withPatience(clock, writeCycle.next(), () => new Fault('STORE_UNAVAILABLE', 'unknown'));
      assertOpen();
      if (result === 'failed' && isLive(place)) throw new Fault('STORE_UNAVAILABLE', 'unknown');
    }
  }

  async function open(): Promise<void> {
    if (state !== 'new') return;
    if (!Number.isFinite(deps.databaseClock.upperMs()))
      throw new Error('the waiting room starts before the clock is known');
    await queues.takeOver();
    if (state !== 'new') return;
    state = 'open';
    reconciliation.start();
  }

  return {
    isDegraded: false,

    start() {
      starting ??= open().finally(() => (starting = null));
      return starting;
    },

    async close() {
      if (state === 'closed') return;
      const wasOpen = state === 'open';
      state = 'closed';
      if (wasOpen) {
        const patience = new Promise<void>((resolve) => clock.after(PATIENCE_MS, resolve));
        await Promise.race([Promise.all([entrance.settled(), ends.settled()]), patience]);
      }
      await writeCycle.close();
      refuseAll();
      stopTimers();
      await reconciliation.close();
    },

    async enter(userId, concertId) {
      assertOpen();
      const queue = queues.get(concertId) ?? (await queues.open(concertId));
      if (queue === null) throw new Error(`there is no concert ${concertId}`);
      const known = queue.placeOfUser(userId);
      if (known !== undefined && !isOverdue(known, nowMs()) && !ends.isTaken(known)) {
        signs.noteSign(known);
        return { created: false, token: showToken(known) };
      }
      if (known === undefined && places.live >= MOST_LIVE_TOKENS) throw new Fault('OVERLOADED', 'none');
      const { place, created } = await entrance.enter(queue, userId);
      if (!created) signs.noteSign(place);
      return { created, token: showToken(place) };
    },

    holderOf: (token) => recognition.holderOf(token),

    identify(token) {
      // Callers on the hot path expect a value or a promise, never a throw.
      if (state !== 'open') return Promise.reject(new Fault('QUEUE_UNAVAILABLE', 'none'));
      const place = recognition.find(token);
      if (place === null) return null;
      if (place instanceof Promise) return place.then((found) => identityOf(found, token, nowMs()));
      return identityOf(place, token, nowMs());
    },

    async status(token) {
      const place = await findPlace(token);
      return place === null ? null : showToken(place);
    },

    async activate(token) {
      const place = await findPlace(token);
      if (place === null) return reject('UNAUTHENTICATED');
      if (statusAt(place, nowMs()) === 'WAITING') await tryTurn(place);
      signs.noteSign(place);
      const shown = showToken(place);
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
    },

    async leave(token) {
      const place = await findPlace(token);
      if (place === null) return null;
      const isOver = !isLive(place) || isOverdue(place, nowMs());
      const late = (): Fault => new Fault('STORE_UNAVAILABLE', 'unknown');
      const left = !isOver && (await withPatience(clock, ends.cancel(place), late));
      return { identity: identityOf(place, token, nowMs()), left };
    },

    noteCompleted(userId, concertId) {
      const place = queueOf(concertId)?.placeOfUser(userId);
      if (place !== undefined) reconciliation.noteCompleted(place);
    },

    notePolicyChanged: (concertId) => queues.noteChanged(concertId),

    async counts(concertId) {
      const queue = queueOf(concertId);
      const policy = queue?.policy ?? (await queues.termsOf(concertId))?.policy;
      if (policy === undefined) return { waiting: 0, active: 0, maxActive: 0, paused: true };
      const { maxActive } = policy;
      return { waiting: queue?.waiting ?? 0, active: queue?.active ?? 0, maxActive, paused: isPaused(policy) };
    },

    watch(token, changed) {
      const place = recognition.findKnown(token);
      if (place === undefined || !isLive(place)) return null;
      signs.noteSign(place);
      const watchers = (place.watchers ??= new Set());
      // A function of its own, so that one listener may watch twice.
      const tell = (status: QueueTokenStatus): void => changed(status);
      watchers.add(tell);
      return () => {
        watchers.delete(tell);
        if (watchers.size > 0) return;
        signs.noteSign(place);
        if (place.watchers === watchers) place.watchers = null;
      };
    },

    look(tokens) {
      const at = nowMs();
      return tokens.map((token) => {
        const place = recognition.findKnown(token);
        if (place === undefined || !isLive(place) || isOverdue(place, at)) return null;
        const { status, queuePosition, estimatedWaitTime } = showToken(place);
        return { status, queuePosition, estimatedWaitTime };
      });
    },

    measure() {
      return Array.from(queues.all(), (queue) => {
        const { concertId, waiting, active, entries, policy } = queue;
        return { concertId, waiting, active, entries, admissions: queue.admissions, isPaused: isPaused(policy) };
      });
    },
  };
}
