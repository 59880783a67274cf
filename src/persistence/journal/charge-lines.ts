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

/** The charges that wait, a line for each wallet in order of arrival. */
export class ChargeLines {
  /** Longest-waiting wallet first. */
  readonly #lines = new Map<string, Charge[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(charge: Charge): void {
    const line = this.#lines.get(charge.userId);
    if (line === undefined) this.#lines.set(charge.userId, [charge]);
    else line.push(charge);
    this.#size += 1;
  }

  /** Takes the first of each line, up to `limit`, without the wallets that are left alone. A shortened line goes to the back. */
  take(limit: number, leftAlone: ReadonlySet<string>): Charge[] {
    const batch: Charge[] = [];
    const unfinished: [string, Charge[]][] = [];
    for (const [userId, line] of this.#lines) {
      if (batch.length === limit) break;
      if (leftAlone.has(userId)) continue;
      this.#lines.delete(userId);
      const [first, ...rest] = line;
      if (first !== undefined) batch.push(first);
      if (rest.length > 0) unfinished.push([userId, rest]);
    }
    for (const [userId, rest] of unfinished) this.#lines.set(userId, rest);
    this.#size -= batch.length;
    return batch;
  }

  /** Puts a taken charge back at the head of its line. */
  putBack(charge: Charge): void {
    this.#lines.set(charge.userId, [charge, ...(this.#lines.get(charge.userId) ?? [])]);
    this.#size += 1;
  }

  /** Takes out a wallet's whole line. */
  drop(userId: string): readonly Charge[] {
    const line = this.#lines.get(userId) ?? [];
    this.#lines.delete(userId);
    this.#size -= line.length;
    return line;
  }

  /** Takes out those of a wallet's line that carry the key. */
  dropKey(userId: string, key: string): readonly Charge[] {
    const { duplicates = [], others = [] } = Object.groupBy(this.#lines.get(userId) ?? [], ({ claim }) =>
      claim?.key === key ? 'duplicates' : 'others',
    );
    if (others.length > 0) this.#lines.set(userId, others);
    else this.#lines.delete(userId);
    this.#size -= duplicates.length;
    return duplicates;
  }

  /** Takes out all. */
  clear(): readonly Charge[] {
    const all = [...this.#lines.values()].flat();
    this.#lines.clear();
    this.#size = 0;
    return all;
  }
}
