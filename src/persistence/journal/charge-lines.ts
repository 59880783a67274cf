import type { IdempotencyClaim } from '../../domain/idempotency.ts';
import type { ChargeReply } from '../../domain/wallet.ts';

/** A charge that has no answer yet. */
export interface Charge {
  readonly userId: string;
  readonly amount: number;
  readonly claim: IdempotencyClaim | null;
  readonly resolve: (reply: ChargeReply) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The charges that wait, a line for each wallet in order of arrival. A line whose wallet is locked is set aside until
 * `resume`; the others go on.
 */
export class ChargeLines {
  /** Longest-waiting wallet first. */
  readonly #ready = new Map<string, Charge[]>();
  readonly #setAside = new Map<string, Charge[]>();
  /** Since when a wallet was found locked by every statement; monotonic milliseconds. */
  readonly #lockedSince = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get isAnyReady(): boolean {
    return this.#ready.size > 0;
  }

  get isAnySetAside(): boolean {
    return this.#setAside.size > 0;
  }

  add(charge: Charge): void {
    const line = this.#setAside.get(charge.userId) ?? this.#ready.get(charge.userId);
    if (line === undefined) this.#ready.set(charge.userId, [charge]);
    else line.push(charge);
    this.#size += 1;
  }

  /** The first of each line, up to `limit`; what a line still holds goes to the back. */
  take(limit: number): Charge[] {
    const batch: Charge[] = [];
    const unfinished: [string, Charge[]][] = [];
    for (const [userId, line] of this.#ready) {
      if (batch.length === limit) break;
      this.#ready.delete(userId);
      const [first, ...rest] = line;
      if (first !== undefined) batch.push(first);
      if (rest.length > 0) unfinished.push([userId, rest]);
    }
    for (const [userId, rest] of unfinished) this.#ready.set(userId, rest);
    this.#size -= batch.length;
    return batch;
  }

  /** Puts a taken charge back at the head of its line, and sets the line aside. Returns since when its wallet is locked. */
  setAside(charge: Charge, nowMs: number): number {
    const { userId } = charge;
    this.#setAside.set(userId, [charge, ...(this.#ready.get(userId) ?? [])]);
    this.#ready.delete(userId);
    this.#size += 1;
    const since = this.#lockedSince.get(userId) ?? nowMs;
    this.#lockedSince.set(userId, since);
    return since;
  }

  /** A statement has locked the wallet. */
  noteUnlocked(userId: string): void {
    this.#lockedSince.delete(userId);
  }

  /** Lets the lines that were set aside go with the next statements. */
  resume(): void {
    for (const [userId, line] of this.#setAside) this.#ready.set(userId, line);
    this.#setAside.clear();
  }

  /** Takes out a wallet's whole line. */
  drop(userId: string): readonly Charge[] {
    const line = this.#setAside.get(userId) ?? this.#ready.get(userId) ?? [];
    this.#setAside.delete(userId);
    this.#ready.delete(userId);
    this.#lockedSince.delete(userId);
    this.#size -= line.length;
    return line;
  }

  /** Takes out those of a wallet's line that carry the key. */
  dropKey(userId: string, key: string): readonly Charge[] {
    const line = this.#ready.get(userId) ?? [];
    const { duplicates = [], others = [] } = Object.groupBy(line, ({ claim }) =>
      claim?.key === key ? 'duplicates' : 'others',
    );
    if (others.length > 0) this.#ready.set(userId, others);
    else this.#ready.delete(userId);
    this.#size -= duplicates.length;
    return duplicates;
  }

  /** Takes out all. */
  clear(): readonly Charge[] {
    const all = [...this.#setAside.values(), ...this.#ready.values()].flat();
    this.#setAside.clear();
    this.#ready.clear();
    this.#lockedSince.clear();
    this.#size = 0;
    return all;
  }
}
