import type { Clock } from './clock.ts';

/**
 * Detects that a server which owes answers is silent, by the time in which this process could have received them.
 *
 * SILENCE-1. Time counts only while the event loop runs. Of the time between two ticks at most STEP_LIMIT_MS counts; the
 *     rest is a delay of this process or of the machine.
 * SILENCE-2. The sockets have their turn before each judgement: the event loop runs timers before it reads sockets.
 * SILENCE-3. The server is silent once it has owed an answer for `limitMs`. It is answering again after two answers in a
 *     row, each within half of the limit.
 */

const TICK_MS = 20;
/** An idle process runs its timers up to a few milliseconds late. */
const STEP_LIMIT_MS = 30;
const ANSWERS_TO_RETURN = 2;
/** The figures cover one to two such spans. */
const FIGURES_SPAN_MS = 30_000;

/** An answer that the server owes. */
interface Owed {
  readonly sentAt: LoopTime;
}

/** Milliseconds for which the loop ran, and for which it was late, since the watch began. */
interface LoopTime {
  readonly ranMs: number;
  readonly lateMs: number;
}

/** The maxima of the last 30 to 60 seconds, in steps of a tick. */
export interface AnswerFigures {
  /** How long the server owed an answer while the loop ran. */
  readonly silenceMs: number;
  /** How late the loop was while the server owed one answer. */
  readonly ownDelayMs: number;
}

export interface AnswerWatch {
  readonly isSilent: boolean;
  /** Sends a command, and returns its answer, for which the watch waits too. */
  ask<T>(send: () => Promise<T>): Promise<T>;
  /** A command was sent. */
  owe(): Owed;
  arrived(owed: Owed): void;
  /** The answer will not come. */
  lost(owed: Owed): void;
  /** The server is silent for another reason than an overdue answer. */
  presumeSilent(): void;
  /** Starts again with a new connection. */
  reset(): void;
  figures(): AnswerFigures;
}

export interface AnswerWatchSettings {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Called once per silence. The watch then drops all answers that are owed. */
  readonly onSilent: (error: Error) => void;
  /** Runs `run` after the sockets have had their turn. */
  readonly afterSockets?: (run: () => void) => void;
}

/** Waits two phases of the loop: the first may come before the sockets. */
function afterTwoTurns(run: () => void): void {
  setImmediate(() => setImmediate(run));
}

export function createAnswerWatch(settings: AnswerWatchSettings): AnswerWatch {
  const { clock, limitMs, onSilent, afterSockets = afterTwoTurns } = settings;
  /** In the order of sending. */
  const owed = new Set<Owed>();
  let ranMs = 0;
  let lateMs = 0;
  let tickedAtMs = 0;
  let isTicking = false;
  let isSilent = false;
  let goodAnswers = 0;
  let figures: AnswerFigures = { silenceMs: 0, ownDelayMs: 0 };
  let formerFigures = figures;
  let figuresSinceMs = clock.monotonicMs();

  function loopTime(): LoopTime {
    const passedMs = clock.monotonicMs() - tickedAtMs;
    const stepMs = Math.min(passedMs, STEP_LIMIT_MS);
    return { ranMs: ranMs + stepMs, lateMs: lateMs + passedMs - stepMs };
  }

  function startTicking(): void {
    if (isTicking) return;
    isTicking = true;
    tickedAtMs = clock.monotonicMs();
    awaitTick();
  }

  function awaitTick(): void {
    clock.after(TICK_MS, () => {
      ({ ranMs, lateMs } = loopTime());
      tickedAtMs = clock.monotonicMs();
      afterSockets(judge);
    });
  }

  function judge(): void {
    const [oldest] = owed;
    if (oldest !== undefined) {
      const silenceMs = ranMs - oldest.sentAt.ranMs;
      noteFigures(silenceMs, lateMs - oldest.sentAt.lateMs);
      if (silenceMs >= limitMs) becomeSilent();
    }
    if (owed.size > 0) awaitTick();
    else isTicking = false;
  }

  function becomeSilent(): void {
    goodAnswers = 0;
    if (isSilent) return;
    isSilent = true;
    owed.clear();
    onSilent(new Error(`no answer within ${limitMs} ms`));
  }

  function turnFigures(): void {
    const nowMs = clock.monotonicMs();
    const spans = Math.floor((nowMs - figuresSinceMs) / FIGURES_SPAN_MS);
    if (spans === 0) return;
    const none = { silenceMs: 0, ownDelayMs: 0 };
    formerFigures = spans === 1 ? figures : none;
    figures = none;
    figuresSinceMs += spans * FIGURES_SPAN_MS;
  }

  function noteFigures(silenceMs: number, ownDelayMs: number): void {
    turnFigures();
    figures = longest(figures, { silenceMs, ownDelayMs });
  }

  function owe(): Owed {
    startTicking();
    const entry = { sentAt: loopTime() };
    owed.add(entry);
    return entry;
  }

  function arrived(entry: Owed): void {
    if (!owed.delete(entry) || !isSilent) return;
    const isPrompt = loopTime().ranMs - entry.sentAt.ranMs <= limitMs / 2;
    goodAnswers = isPrompt ? goodAnswers + 1 : 0;
    if (goodAnswers >= ANSWERS_TO_RETURN) isSilent = false;
  }

  return {
    get isSilent() {
      return isSilent;
    },
    async ask(send) {
      const entry = owe();
      try {
        const answer = await send();
        arrived(entry);
        return answer;
      } finally {
        owed.delete(entry);
      }
    },
    owe,
    arrived,
    lost: (entry) => void owed.delete(entry),
    presumeSilent() {
      isSilent = true;
      goodAnswers = 0;
      owed.clear();
    },
    reset() {
      isSilent = false;
      goodAnswers = 0;
      owed.clear();
    },
    figures() {
      turnFigures();
      return longest(figures, formerFigures);
    },
  };
}

function longest(one: AnswerFigures, other: AnswerFigures): AnswerFigures {
  return {
    silenceMs: Math.max(one.silenceMs, other.silenceMs),
    ownDelayMs: Math.max(one.ownDelayMs, other.ownDelayMs),
  };
}
