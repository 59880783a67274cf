import type { Change } from './flush.ts';

/** How many ended holds are remembered, so that a late command on one learns how it ended without a look-up. */
const REMEMBERED_ENDS = 1_000;

interface EndedHold {
  readonly status: 'EXPIRED' | 'CANCELLED';
  readonly change: Change;
}

/** How the latest holds of a schedule ended, by reservation. */
export class EndedHolds {
  readonly #ends = new Map<string, EndedHold>();

  find(reservationId: string): EndedHold | null {
    return this.#ends.get(reservationId) ?? null;
  }

  remember(reservationId: string, end: EndedHold): void {
    this.#ends.set(reservationId, end);
    if (this.#ends.size <= REMEMBERED_ENDS) return;
    const [oldest] = this.#ends.keys();
    if (oldest !== undefined) this.#ends.delete(oldest);
  }

  forgetTentative(): void {
    for (const [reservationId, { change }] of this.#ends) if (change.flush !== null) this.#ends.delete(reservationId);
  }
}
