/** Whole milliseconds. The figures cover the running window and the one before it: two to four minutes. */
export const TURNOVER_WINDOW_MS = 120_000;

/** How fast admitted fans make room, as the last minutes showed it. Both stores count alike, in whole numbers. */
export interface Turnover {
  /** Tokens that were ACTIVE and ended. */
  readonly departures: number;
  /** How long tokens were ACTIVE, all of them together, in milliseconds. */
  readonly insideMs: number;
}

export interface TurnoverLog {
  /** Counts `inside` tokens as ACTIVE since the last call. To be called before that number changes. */
  advance(inside: number, nowMs: number): void;
  noteDeparture(): void;
  read(inside: number, nowMs: number): Turnover;
}

const NONE: Turnover = { departures: 0, insideMs: 0 };

/** A log that begins at `atMs`. An earlier instant than the last one counts as the last one. */
export function createTurnoverLog(atMs: number): TurnoverLog {
  let [running, former] = [NONE, NONE];

  function advance(inside: number, nowMs: number): void {
    for (let endMs = endOf(atMs); endMs <= nowMs; endMs = endOf(atMs)) {
      former = { ...running, insideMs: running.insideMs + inside * (endMs - atMs) };
      running = NONE;
      // Windows of long ago are not counted one by one.
      atMs = Math.max(endMs, endOf(nowMs) - 3 * TURNOVER_WINDOW_MS);
    }
    const passedMs = Math.max(0, nowMs - atMs);
    running = { ...running, insideMs: running.insideMs + inside * passedMs };
    atMs += passedMs;
  }

  return {
    advance,
    noteDeparture() {
      running = { ...running, departures: running.departures + 1 };
    },
    read(inside, nowMs) {
      advance(inside, nowMs);
      return {
        departures: former.departures + running.departures,
        insideMs: former.insideMs + running.insideMs,
      };
    },
  };
}

/** When the window that contains `ms` ends. */
function endOf(ms: number): number {
  return (Math.floor(ms / TURNOVER_WINDOW_MS) + 1) * TURNOVER_WINDOW_MS;
}
