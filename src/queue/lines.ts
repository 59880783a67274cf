/**
 * What this node knows of the lines in the line store: under which generation each is held, how it is doing, and when it is next
 * to be looked at. Another node may know better at any time; nothing is decided here.
 */
import type { Clock, DatabaseClock } from '../runtime/clock.ts';
import { Fault } from '../domain/errors.ts';
import { type Alarm, createAlarm } from './alarm.ts';
import { type LineStore, type LineSummary, LOST, type QueueTerms } from './line-store.ts';
import { createOpening } from './opening.ts';
import type { LineRebuild } from './line-rebuild.ts';

export interface KnownLine {
  readonly concertId: number;
  /** Under which to write; null while the line store does not hold the line, as far as this node knows. */
  generation: number | null;
  summary: LineSummary | null;
  /** By this process. */
  entries: number;
  /** By this process. */
  admissions: number;
  /** The highest generation that PostgreSQL refused. */
  refused: number;
}

export interface OpenLine extends KnownLine {
  generation: number;
}

export interface KnownLines {
  /** Lines in which someone may be admitted. A look takes its line out. */
  readonly admissible: Set<KnownLine>;
  /** Lines in which something may be due. A look takes its line out. */
  readonly overdue: Set<KnownLine>;
  get(concertId: number): KnownLine | undefined;
  all(): Iterable<KnownLine>;
  /** The line, rebuilt if the store does not hold it; null when there is no such concert. Throws Faults with effect `none`. */
  open(concertId: number): Promise<OpenLine | null>;
  /** The line store lost the line, or PostgreSQL refused its generation: it is opened again, in the background. */
  noteLost(concertId: number, refusedGeneration?: number): void;
  noteSummary(concertId: number, summary: LineSummary): void;
  /** Somebody came or went. */
  noteChanged(line: KnownLine): void;
  /** The line store was away: everything is to be looked at. */
  noteReturn(): void;
  close(): void;
}

export interface KnownLinesSettings {
  readonly store: LineStore;
  readonly rebuild: LineRebuild;
  readonly terms: (concertId: number) => Promise<QueueTerms | null>;
  readonly clock: Clock;
  readonly databaseClock: DatabaseClock;
  readonly wake: () => void;
  /** A line whose policy was changed while it was rebuilt. */
  readonly onSuspended: (concertId: number) => void;
  /** Another process has taken over a line of an exclusive store. */
  readonly onFenced: () => void;
  readonly onFailure: (error: unknown) => void;
}

export function isOpen(line: KnownLine): line is OpenLine {
  return line.generation !== null;
}

export function createKnownLines(settings: KnownLinesSettings): KnownLines {
  const { store, rebuild, terms, clock, databaseClock, wake, onSuspended, onFenced, onFailure } = settings;
  const lines = new Map<number, KnownLine>();
  const alarms = new Map<KnownLine, { readonly alarm: Alarm; dueMs: number | null }>();
  const admissible = new Set<KnownLine>();
  const overdue = new Set<KnownLine>();
  let isClosed = false;

  function lineOf(concertId: number): KnownLine {
    const known = lines.get(concertId);
    if (known !== undefined) return known;
    const line = { concertId, generation: null, summary: null, entries: 0, admissions: 0, refused: 0 };
    lines.set(concertId, line);
    return line;
  }

  function openLine(concertId: number): OpenLine | undefined {
    const line = lines.get(concertId);
    return line !== undefined && isOpen(line) ? line : undefined;
  }

  function lookAt(line: KnownLine): void {
    overdue.add(line);
    admissible.add(line);
    wake();
  }

  function setAlarm(line: KnownLine, wakeMs: number | null): void {
    if (isClosed) return;
    let known = alarms.get(line);
    if (known === undefined) {
      const made = {
        dueMs: null,
        alarm: createAlarm({
          clock,
          ring: () => {
            made.dueMs = null;
            lookAt(line);
          },
        }),
      };
      known = made;
      alarms.set(line, made);
    }
    // A later one leaves the alarm as it is: every sign of life would set it. It rings too early then, and is set again.
    if (wakeMs === null || (known.dueMs !== null && known.dueMs <= wakeMs)) return;
    known.dueMs = wakeMs;
    known.alarm.set(wakeMs - databaseClock.lowerMs());
  }

  async function load(concertId: number): Promise<OpenLine | null> {
    const agreed = await terms(concertId);
    if (agreed === null) return null;
    const line = lineOf(concertId);
    const looked = await store.look(concertId, [], false);
    if (looked === LOST || looked.summary.generation <= line.refused) {
      await rebuild.rebuild(concertId, line.refused, agreed);
    }
    if (!isOpen(line)) throw new Fault('QUEUE_UNAVAILABLE', 'none');
    if (line.summary?.isSuspended === true) onSuspended(concertId);
    return line;
  }

  const { open } = createOpening({ known: openLine, load });

  return {
    admissible,
    overdue,
    get: (concertId) => lines.get(concertId),
    all: () => lines.values(),
    open,

    noteLost(concertId, refusedGeneration = 0) {
      if (refusedGeneration !== 0 && store.exclusive !== null) {
        onFenced();
        return;
      }
      const line = lineOf(concertId);
      line.refused = Math.max(line.refused, refusedGeneration);
      // Another answer may have told of a newer one meanwhile.
      if (refusedGeneration !== 0 && line.generation !== null && line.generation > refusedGeneration) return;
      line.generation = null;
      if (isClosed) return;
      open(concertId).then(() => lookAt(line), onFailure);
    },

    noteSummary(concertId, summary) {
      const line = lineOf(concertId);
      line.summary = summary;
      line.generation = summary.generation > line.refused ? summary.generation : null;
      setAlarm(line, summary.wakeMs);
    },

    noteChanged(line) {
      admissible.add(line);
      wake();
    },

    noteReturn() {
      for (const line of lines.values()) lookAt(line);
    },

    close() {
      isClosed = true;
      for (const { alarm } of alarms.values()) alarm.set(null);
      alarms.clear();
    },
  };
}
