/** Waits differ by this part, so that visitors who came together do not ask together for ever. */
const JITTER = 0.25;

export interface Refreshing {
  /** Calls `run` after about `everyMs`, again and again, until `stop` or the next `start`. */
  start(everyMs: number, run: () => void): void;
  stop(): void;
  /** Calls at once what came due while the page was hidden. */
  wake(): void;
}

export interface RefreshingPorts {
  after(delayMs: number, run: () => void): () => void;
  random(): number;
  /** A hidden page asks for nothing. */
  isVisible(): boolean;
}

/** Refreshes what the page shows, while somebody sees it. */
export function createRefreshing({ after, random, isVisible }: RefreshingPorts): Refreshing {
  let cancel = (): void => undefined;
  let missed: (() => void) | null = null;

  function wait(everyMs: number, run: () => void): void {
    const delayMs = everyMs * (1 + JITTER * (2 * random() - 1));
    cancel = after(delayMs, () => {
      const next = (): void => {
        run();
        wait(everyMs, run);
      };
      if (isVisible()) next();
      else missed = next;
    });
  }

  function stop(): void {
    cancel();
    missed = null;
  }

  return {
    start(everyMs, run) {
      stop();
      wait(everyMs, run);
    },
    stop,
    wake() {
      const due = missed;
      missed = null;
      due?.();
    },
  };
}
