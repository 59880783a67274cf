import type { AdmittedToken } from '../../domain/queue-token.ts';

/**
 * A concert's newest admissions, by instant in epoch milliseconds. What the window is counted from; admissions that are still being decided are among them.
 */
export interface AdmissionLog {
  readonly size: number;
  /** The instant of the nth newest admission, counted from 1, or null. */
  nthNewestMs(nth: number): number | null;
  /** How many admissions are younger than `ms`. */
  countAfter(ms: number): number;
  /** The instant of that token's admission, or null. */
  instantOf(tokenId: string): number | null;
  /** Adds one; a token that is there moves to the new instant. */
  add(admission: AdmittedToken): void;
  /** Takes one back, if it stands at that instant. */
  withdraw(admission: AdmittedToken): void;
  /** Forgets what is neither among the newest `keep` nor younger than `ms`. */
  forget(keep: number, ms: number): void;
}

/** Starts with known admissions, oldest first. */
export function createAdmissionLog(known: readonly AdmittedToken[] = []): AdmissionLog {
  /** Oldest first. */
  const log = [...known];
  const instants = new Map(known.map(({ tokenId, activatedAtMs }) => [tokenId, activatedAtMs]));

  /** The position of the first admission after `ms`. */
  function positionAfter(ms: number): number {
    let low = 0;
    let high = log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((log[middle]?.activatedAtMs ?? 0) <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function withdraw({ tokenId, activatedAtMs }: AdmittedToken): void {
    if (instants.get(tokenId) !== activatedAtMs) return;
    instants.delete(tokenId);
    let position = positionAfter(activatedAtMs) - 1;
    while (log[position]?.tokenId !== tokenId) position -= 1;
    log.splice(position, 1);
  }

  return {
    get size() {
      return log.length;
    },

    nthNewestMs: (nth) => log[log.length - nth]?.activatedAtMs ?? null,
    countAfter: (ms) => log.length - positionAfter(ms),
    instantOf: (tokenId) => instants.get(tokenId) ?? null,

    add(admission) {
      const { tokenId, activatedAtMs } = admission;
      const former = instants.get(tokenId);
      if (former === activatedAtMs) return;
      if (former !== undefined) withdraw({ tokenId, activatedAtMs: former });
      instants.set(tokenId, activatedAtMs);
      const position = positionAfter(activatedAtMs);
      if (position === log.length) log.push(admission);
      else log.splice(position, 0, admission);
    },

    withdraw,

    forget(keep, ms) {
      const spare = Math.min(log.length - keep, positionAfter(ms));
      if (spare <= 0) return;
      for (const { tokenId } of log.splice(0, spare)) instants.delete(tokenId);
    },
  };
}
