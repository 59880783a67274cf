/**
 * What a node does once a second for the lines that it knows. It shows the line store that the holders it watches are present,
 * tells it when holders could not be heard, looks for lines that it does not know, and, on one node per line, compares the line
 * with PostgreSQL.
 */
import type { Clock } from '../runtime/clock.ts';
import type { QueueRecords } from '../domain/queue-token.ts';
import { LINES_AT_A_TIME } from './opening.ts';
import { sideBySide } from './side-by-side.ts';
import { type LineStore, LOST } from './line-store.ts';
import type { Reconciler } from './reconciliation.ts';
import { isOpen, type KnownLine, type KnownLines } from './lines.ts';
import type { KnownToken, KnownTokens } from './known-tokens.ts';

const LONGEST_PERIOD_MS = 1_000;
const SHORTEST_PERIOD_MS = 100;
/** Presence must be shown before it is missed, even if a beat or two are lost. */
const BEATS_PER_ALLOWANCE = 3;
/** A beat that comes this late is one of a process that stood still. */
const STANDSTILL_MS = 5_000;
/** Lines that only nodes which are gone knew are found this soon. */
const BEATS_PER_SEARCH = 10;
/** Lines that are compared at the same time share statements. More of them at a time would keep requests waiting. */
const COMPARED_AT_A_TIME = 16;
/** Tokens per look. */
const TOKENS_PER_LOOK = 1_000;

export interface Heartbeat {
  /** Everybody counts as seen from the next beat on: they could not be heard. */
  startAfresh(): void;
  /** Has what is watched asked for at the next beat: events may have been missed. */
  lookAtWatched(): void;
  /** Until that beat nobody may be judged to be missing. */
  readonly mayJudge: boolean;
  /** Beats now. Never throws. */
  beat(): Promise<void>;
  /** Beats now, and then once a period. Resolves when the first beat has ended, after which all lines are open. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export function createHeartbeat(deps: {
  readonly clock: Clock;
  readonly store: LineStore;
  readonly lines: KnownLines;
  readonly records: QueueRecords;
  readonly knownTokens: KnownTokens;
  readonly reconciler: Reconciler;
  /** A watched token is not in the line store. */
  readonly onAbsent: (knownToken: KnownToken) => void;
  readonly abandonMs: number;
  readonly noShowMs: number;
  readonly idleMs: number;
  readonly onFailure: (error: unknown) => void;
}): Heartbeat {
  const { clock, store, lines, records, knownTokens, reconciler, onAbsent, onFailure } = deps;
  const allowanceMs = Math.min(deps.abandonMs, deps.noShowMs, deps.idleMs) / BEATS_PER_ALLOWANCE;
  const periodMs = Math.max(SHORTEST_PERIOD_MS, Math.min(LONGEST_PERIOD_MS, Math.floor(allowanceMs)));
  const beatsPerPresence = Math.max(1, Math.floor(allowanceMs / periodMs));
  let beats = 0;
  let isAfresh = true;
  let isSearchDue = true;
  let isLookDue = false;
  let cancel: (() => void) | null = null;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  async function search(): Promise<void> {
    if (!isSearchDue && beats % BEATS_PER_SEARCH !== 0) return;
    isSearchDue = false;
    const concertIds = await records.listConcertsWithLiveTokens();
    await sideBySide(concertIds, LINES_AT_A_TIME, async (concertId) => {
      if (!isClosed) await lines.open(concertId).catch(onFailure);
    });
  }

  async function showPresent(concertId: number, members: readonly KnownToken[]): Promise<void> {
    const looked = await store.look(
      concertId,
      members.map(({ subject }) => subject.tokenId),
      true,
    );
    if (looked === LOST) return;
    members.forEach((knownToken, nth) => {
      const standing = looked.standings[nth] ?? null;
      if (standing === null) onAbsent(knownToken);
      else knownTokens.learnStanding(knownToken, standing, looked.summary.closesAtMs);
    });
  }

  async function showWatched(): Promise<void> {
    if (!isLookDue && beats % beatsPerPresence !== 0) return;
    isLookDue = false;
    for (const [concertId, members] of Map.groupBy(knownTokens.watched(), ({ subject }) => subject.concertId)) {
      for (let begin = 0; begin < members.length; begin += TOKENS_PER_LOOK)
        await showPresent(concertId, members.slice(begin, begin + TOKENS_PER_LOOK));
    }
  }

  async function beatFor(line: KnownLine, afresh: boolean): Promise<void> {
    if (!isOpen(line)) return;
    const isOurs = await store.beat(line.concertId, afresh);
    if (isOurs === LOST) lines.noteLost(line.concertId);
    else if (isOurs) await reconciler.compare(line).catch(onFailure);
  }

  async function beat(): Promise<void> {
    store.checkHearing();
    if (!store.isUp) {
      isAfresh = true;
      isSearchDue = true;
      return;
    }
    const afresh = isAfresh;
    try {
      await search();
      await showWatched();
      await sideBySide(Array.from(lines.all()), COMPARED_AT_A_TIME, (line) => beatFor(line, afresh));
      if (afresh) {
        isAfresh = false;
        // What came due meanwhile was not looked at.
        lines.noteReturn();
      }
    } catch (error) {
      onFailure(error);
    }
    beats += 1;
  }

  function run(): void {
    running = beat().finally(() => {
      if (!isClosed) schedule();
    });
  }

  function schedule(): void {
    const setAtMs = clock.monotonicMs();
    cancel = clock.after(periodMs, () => {
      if (clock.monotonicMs() - setAtMs > STANDSTILL_MS) isAfresh = true;
      run();
    });
  }

  return {
    get mayJudge() {
      return !isAfresh;
    },
    startAfresh() {
      isAfresh = true;
      isSearchDue = true;
    },
    lookAtWatched() {
      isLookDue = true;
    },
    beat,
    start() {
      run();
      return running;
    },
    async close() {
      isClosed = true;
      cancel?.();
      await running;
    },
  };
}
