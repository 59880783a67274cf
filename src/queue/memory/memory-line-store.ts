import type { DatabaseClock } from '../../runtime/clock.ts';
import type { QueueTokenRow } from '../../domain/queue-token.ts';
import { type LineListener, type LineStore, LOST, type Lost } from '../line-store.ts';
import type { Allowances } from '../presence-settings.ts';
import { type ConcertLine, createConcertLine } from './concert-line.ts';

/** Live tokens of all concerts together; about 600 MiB of memory. */
const MOST_LIVE_TOKENS = 1_000_000;

/**
 * Lines in this process's memory, for a service of one node. Answers in the same turn, and is never away. A generation is
 * not compared: no other process writes these lines, and PostgreSQL refuses whatever one does under another generation.
 */
export function createMemoryLineStore({
  databaseClock,
  ...allowances
}: Allowances & { readonly databaseClock: DatabaseClock }): LineStore {
  const lines = new Map<number, ConcertLine>();
  const rebuilding = new Map<number, { readonly generation: number; readonly rows: QueueTokenRow[] }>();
  /** Counts changes of policy, by concert. */
  const tickets = new Map<number, number>();
  let listener: LineListener | null = null;
  let isUp = false;
  let live = 0;

  const lower = (): number => Math.floor(databaseClock.lowerMs());
  const ticketOf = (concertId: number): string => String(tickets.get(concertId) ?? 0);

  /** What `operation` makes of the line; its summary is told afterwards. */
  function on<T>(concertId: number, operation: (line: ConcertLine, nowMs: number) => T): Lost | T {
    const line = lines.get(concertId);
    if (line === undefined) return LOST;
    const nowMs = lower();
    const before = line.size;
    const result = operation(line, nowMs);
    live += line.size - before;
    listener?.onSummary(concertId, line.summarise(nowMs));
    return result;
  }

  function change(concertId: number, operation: (line: ConcertLine, nowMs: number) => void): Lost | 'done' {
    return on(concertId, (line, nowMs) => {
      operation(line, nowMs);
      return 'done';
    });
  }

  return {
    get isUp() {
      return isUp;
    },
    isHearing: true,
    listen(next) {
      listener = next;
    },
    async start() {
      isUp = true;
      listener?.onUp();
    },
    async close() {
      isUp = false;
    },
    checkHearing: () => undefined,

    exclusive: {
      get isFull() {
        return live >= MOST_LIVE_TOKENS;
      },
      tokenOfUser: (concertId, userId) => lines.get(concertId)?.tokenOfUser(userId) ?? null,
      continueUnder: (concertId, generation) =>
        void on(concertId, (line) => {
          line.generation = generation;
        }),
    },

    claimRebuild: () => true,
    range: (concertId, where, first, last) => lines.get(concertId)?.range(where, first, last) ?? [],

    touch(concertId, tokenId) {
      const line = lines.get(concertId);
      return line === undefined ? LOST : { standing: line.look(tokenId, true, lower()), closesAtMs: line.closesAtMs };
    },

    look(concertId, tokenIds, isSign) {
      const line = lines.get(concertId);
      if (line === undefined) return LOST;
      const nowMs = lower();
      const standings = tokenIds.map((tokenId) => line.look(tokenId, isSign, nowMs));
      const summary = line.summarise(nowMs);
      listener?.onSummary(concertId, summary);
      return { summary, standings };
    },

    put(concertId, _generation, rows) {
      const line = lines.get(concertId);
      if (line === undefined) return LOST;
      const nowMs = lower();
      const before = line.size;
      const admitted = line.put(rows, nowMs);
      live += line.size - before;
      const standings = rows.map(({ tokenId }) => line.look(tokenId, false, nowMs));
      const summary = line.summarise(nowMs);
      listener?.onSummary(concertId, summary);
      return { summary, standings, admitted };
    },

    propose: (concertId, _generation, limit) =>
      on(concertId, (line, nowMs) => line.propose(nowMs, Math.ceil(databaseClock.upperMs()), limit)),
    show: (concertId, _generation, admissions) => on(concertId, (line, nowMs) => line.show(admissions, nowMs)),
    withdraw: (concertId, _generation, proposals) => change(concertId, (line) => line.withdraw(proposals)),
    remove: (concertId, ends) => change(concertId, (line, nowMs) => line.remove(ends, nowMs)),
    sweep: (concertId, _generation, limit) => on(concertId, (line, nowMs) => line.sweep(limit, nowMs)),
    beat: (concertId, isAfresh) =>
      on(concertId, (line, nowMs) => {
        line.beat(isAfresh, nowMs);
        return true;
      }),

    suspend(concertId) {
      tickets.set(concertId, (tickets.get(concertId) ?? 0) + 1);
      lines.get(concertId)?.suspend();
      return ticketOf(concertId);
    },

    adopt(concertId, ticket, terms, admissions) {
      if (lines.has(concertId) && ticketOf(concertId) !== ticket) return 'changed';
      return change(concertId, (line) => line.adopt(terms, admissions));
    },

    begin(concertId, generation) {
      live -= lines.get(concertId)?.size ?? 0;
      lines.delete(concertId);
      rebuilding.set(concertId, { generation, rows: [] });
      return ticketOf(concertId);
    },

    restore(concertId, generation, rows) {
      const begun = rebuilding.get(concertId);
      if (begun?.generation !== generation) return false;
      begun.rows.push(...rows);
      return true;
    },

    finish(concertId, generation, ticket, terms, admissions) {
      const begun = rebuilding.get(concertId);
      if (begun?.generation !== generation) return false;
      rebuilding.delete(concertId);
      const nowMs = lower();
      const isSuspended = ticketOf(concertId) !== ticket;
      const line = createConcertLine({ generation, terms, isSuspended, admissions, allowances, nowMs });
      // Pages come by user; a line is joined at its end.
      line.put(
        begun.rows.toSorted((one, other) => one.no - other.no),
        nowMs,
      );
      lines.set(concertId, line);
      live += line.size;
      listener?.onSummary(concertId, line.summarise(nowMs));
      return true;
    },
  };
}
