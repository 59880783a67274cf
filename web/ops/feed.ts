import type { AdminClient } from '../../src/client/admin-client.ts';
import type { ActivityReport, Overview } from '../../src/client/answers.ts';
import { ApiProblem } from '../../src/client/failures.ts';

/** The node takes a sample this often. */
const ACTIVITY_EVERY_MS = 1_000;
/** An overview counts rows in the database; seats may be two seconds old. */
const OVERVIEW_EVERY_MS = 2_000;
/** The longest wait for an answer; the page reports a slower service as not answering. */
const ANSWER_LIMIT_MS = 3_000;

export interface FeedListener {
  reported(report: ActivityReport): void;
  overviewed(overview: Overview): void;
  /** No answer, or one that a new token cannot change: the service is unreachable or unable. */
  failed(what: 'activity' | 'overview', problem: ApiProblem | null): void;
  /** The token is not, or no longer, the operator's. */
  turnedAway(problem: ApiProblem): void;
  /** The page is hidden and requests nothing, or is visible again. */
  rested(isResting: boolean): void;
}

export interface Feed {
  /** Requests the overview now, because something was changed. */
  hurry(): void;
  stop(): void;
}

/** Polls the service while the page is visible, with at most one request of each kind in flight. */
export function startFeed(admin: AdminClient, lastNumber: () => number, listener: FeedListener): Feed {
  const stopping = new AbortController();
  const loops = [
    createLoop(ACTIVITY_EVERY_MS, 'activity', async (call) => {
      listener.reported(await admin.activity({ ...call, since: lastNumber() }));
    }),
    createLoop(OVERVIEW_EVERY_MS, 'overview', async (call) => {
      listener.overviewed(await admin.overview(call));
    }),
  ];

  function createLoop(
    everyMs: number,
    what: 'activity' | 'overview',
    ask: (call: { readonly signal: AbortSignal; readonly deadlineMs: number }) => Promise<void>,
  ) {
    let timer: number | undefined;
    let isAsking = false;

    async function turn(): Promise<void> {
      if (isAsking || stopping.signal.aborted || document.hidden) return;
      clearTimeout(timer);
      isAsking = true;
      const startedAt = performance.now();
      try {
        await ask({ signal: stopping.signal, deadlineMs: ANSWER_LIMIT_MS });
      } catch (error) {
        if (!stopping.signal.aborted) tell(error);
      } finally {
        isAsking = false;
        timer = window.setTimeout(() => void turn(), Math.max(0, everyMs - (performance.now() - startedAt)));
      }
    }

    function tell(error: unknown): void {
      const problem = error instanceof ApiProblem ? error : null;
      if (problem !== null && problem.status < 500 && problem.status !== 429) listener.turnedAway(problem);
      else listener.failed(what, problem);
    }

    return { turn, rest: () => clearTimeout(timer) };
  }

  function noteVisibility(): void {
    listener.rested(document.hidden);
    for (const loop of loops) {
      if (document.hidden) loop.rest();
      else void loop.turn();
    }
  }

  document.addEventListener('visibilitychange', noteVisibility);
  for (const loop of loops) void loop.turn();
  return {
    hurry() {
      for (const loop of loops) void loop.turn();
    },
    stop() {
      stopping.abort();
      document.removeEventListener('visibilitychange', noteVisibility);
      for (const loop of loops) loop.rest();
    },
  };
}
