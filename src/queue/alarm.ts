import type { Clock } from '../runtime/clock.ts';

/** One timer that can be set anew. */
export interface Alarm {
  /** Rings once after at least `delayMs` instead of whenever it was to ring; null: not at all. */
  set(delayMs: number | null): void;
}

/** A shorter delay would ask the event loop for nothing but work. */
const SHORTEST_DELAY_MS = 1;

export function createAlarm({ clock, ring }: { clock: Clock; ring: () => void }): Alarm {
  let cancel: (() => void) | null = null;
  return {
    set(delayMs) {
      cancel?.();
      cancel =
        delayMs === null
          ? null
          : clock.after(Math.max(SHORTEST_DELAY_MS, Math.ceil(delayMs)), () => {
              cancel = null;
              ring();
            });
    },
  };
}
