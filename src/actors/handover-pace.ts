/** Within this an heir has taken a schedule over so quickly that it can take another one at the same time. */
const QUICK_MS = 50;
/** From here on it has too much at a time: a fifth of what a planned handover may take a schedule away. */
const SLOW_MS = 100;
/** The heir's connections are few, and those of this node too. */
const LIMIT = 16;

/**
 * How many schedules may be on their way to one heir at a time: as many as it takes over quickly. It begins with one, because
 * an heir that has just started is slow and would be asked for all of them at once; those that wait are served here.
 */
export class HandoverPace {
  #limit = 1;
  #underWay = 0;

  get hasRoom(): boolean {
    return this.#underWay < this.#limit;
  }

  /** Whether nothing is on its way. */
  get isQuiet(): boolean {
    return this.#underWay === 0;
  }

  begin(): void {
    this.#underWay += 1;
  }

  /** `tookMs`: for how long no node served the schedule. */
  end(tookMs: number): void {
    this.#underWay -= 1;
    if (tookMs <= QUICK_MS) this.#limit = Math.min(this.#limit + 1, LIMIT);
    else if (tookMs > SLOW_MS) this.#limit = Math.max(Math.floor(this.#limit / 2), 1);
  }
}
