import type { PriceRange } from '../../src/client/answers.ts';

/** A date of the concert that the rush is for. */
export interface StageDate {
  readonly scheduleId: number;
  readonly startsAt: string;
}

/** The parts that all fans share: the concert, and whether the rush goes on. */
export interface Stage {
  readonly concertId: number;
  readonly title: string;
  readonly dates: readonly StageDate[];
  readonly seatCount: number;
  readonly policy: { readonly maxActive: number; readonly batch: number; readonly intervalMs: number };
  isOver(): boolean;
  /** Ends the rush, and with it every pause of a fan. */
  end(): void;
  /** Calls `run` when the rush is over, or at once when it is over already; the returned function cancels that. */
  onEnd(run: () => void): () => void;
  /** Resolves after `delayMs`, or at once when the rush is over. */
  pause(delayMs: number): Promise<void>;
  /** Fans that have paid, or are about to pay, and will give their seats back; the rush is not over before they have done that. */
  readonly refundsAhead: { count: number; begun: number };
}

/** Seats near the stage cost more. */
export function pricesOf(seatCount: number): PriceRange[] {
  const front = Math.max(1, Math.floor(seatCount / 5));
  const middle = Math.max(front + 1, Math.floor((seatCount * 3) / 5));
  return [
    { from: 1, to: front, price: 165_000 },
    { from: front + 1, to: middle, price: 132_000 },
    ...(middle < seatCount ? [{ from: middle + 1, to: seatCount, price: 99_000 }] : []),
  ];
}

/** A stage that is open. */
export function createStage(concert: Pick<Stage, 'concertId' | 'title' | 'dates' | 'seatCount' | 'policy'>): Stage {
  const waiting = new Set<() => void>();
  let over = false;
  return {
    ...concert,
    refundsAhead: { count: 0, begun: 0 },
    isOver: () => over,
    end() {
      over = true;
      for (const wake of waiting) wake();
    },
    onEnd(run) {
      if (over) {
        run();
      } else {
        waiting.add(run);
      }
      return () => void waiting.delete(run);
    },
    pause(delayMs) {
      if (over) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, delayMs);
        waiting.add(wake);
      });
    },
  };
}
