/**
 * How often a look's own time in the database is left to others before the next one. Its cost grows with all that those inside ever reserved,
 * and it only finds what a settlement could not announce: it is to take a hundredth of a core at most.
 */
const RESTS_PER_LOOK = 100;
const LONGEST_REST_MS = 20_000;

/** When those inside may next be compared with their rows: at once after a quick look, up to 20 s after a long one. */
export class LookPace {
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  isDue(nowMs: number): boolean {
    return nowMs >= this.#restsUntilMs;
  }

  /**
   * A look has ended, now by the monotonic clock. For how long this process waited for it is not asked: on a busy machine that
   * is mostly the time of others.
   */
  note(nowMs: number, tookMs: number): void {
    this.#restsUntilMs = nowMs + Math.min(tookMs * RESTS_PER_LOOK, LONGEST_REST_MS);
  }
}
