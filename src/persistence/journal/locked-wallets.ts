import type { Clock } from '../../runtime/clock.ts';
import { WAITING_LIMIT_MS } from './statement.ts';

/** The interval between two looks at locked wallets. One statement looks at all of them. */
const LOOK_PAUSE_MS = 20;

/**
 * The wallets that statements found locked by other transactions. A locked wallet is left alone until the next look, so that
 * changes of all other wallets go on.
 */
export interface LockedWallets {
  /** The users whose wallets are left alone until the next look. */
  readonly leftAlone: ReadonlySet<string>;
  /** A statement skipped the wallet. False once it has been locked for as long as a caller waits. */
  noteLocked(userId: string): boolean;
  /** A statement locked the wallet itself. */
  noteUnlocked(userId: string): void;
}

/** Calls `onLook` when the wallets that were left alone are to be tried again. */
export function createLockedWallets(clock: Clock, onLook: () => void): LockedWallets {
  const leftAlone = new Set<string>();
  /** When a statement first skipped the wallet; monotonic milliseconds. */
  const lockedSince = new Map<string, number>();
  let isLookDue = false;

  function look(): void {
    isLookDue = false;
    leftAlone.clear();
    onLook();
  }

  return {
    leftAlone,
    noteLocked(userId) {
      const nowMs = clock.monotonicMs();
      const sinceMs = lockedSince.get(userId) ?? nowMs;
      if (nowMs - sinceMs >= WAITING_LIMIT_MS) {
        lockedSince.delete(userId);
        return false;
      }
      lockedSince.set(userId, sinceMs);
      leftAlone.add(userId);
      if (!isLookDue) clock.after(LOOK_PAUSE_MS, look);
      isLookDue = true;
      return true;
    },
    noteUnlocked: (userId) => void lockedSince.delete(userId),
  };
}
