import type { RushContext, Turn } from './rush-context.ts';

/** The seat maps that a fan watches, as the service pushes them. */
export interface ShopWindow {
  /** Numbers of the free seats; waits for the map at the first look. */
  freeSeats(scheduleId: number): Promise<readonly number[] | 'queue-again'>;
  /** Resolves when a map has changed, or after `longestMs`. */
  change(longestMs: number): Promise<void>;
}

/** Longer than any restart of the service; a map that is later than this will not come. */
const FIRST_MAP_LIMIT_MS = 60_000;

/** Uses the turn's own connection, and ends with it. */
export function openShopWindow({ stage, statistics }: RushContext, { live }: Turn): ShopWindow {
  const free = new Map<number, readonly number[]>();
  const watched = new Set<number>();
  const waiting = new Set<() => void>();
  let isOver = false;

  function wakeAll(): void {
    for (const wake of waiting) wake();
  }

  function watch(scheduleId: number): void {
    if (watched.has(scheduleId)) return;
    watched.add(scheduleId);
    live.seats(scheduleId, (event) => {
      if (event.type === 'error') {
        isOver ||= event.code.startsWith('QUEUE_');
        wakeAll();
        return;
      }
      statistics.notePush();
      free.set(
        scheduleId,
        event.seats.filter((seat) => seat.status === 'AVAILABLE').map((seat) => seat.seatNumber),
      );
      wakeAll();
    });
  }

  function change(longestMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        resolve();
      };
      waiting.add(wake);
      void stage.pause(longestMs).then(wake);
    });
  }

  return {
    async freeSeats(scheduleId) {
      watch(scheduleId);
      const deadlineMs = performance.now() + FIRST_MAP_LIMIT_MS;
      for (;;) {
        const seats = free.get(scheduleId);
        if (isOver || stage.isOver() || live.state.type === 'closed') return 'queue-again';
        if (seats !== undefined) return seats;
        if (performance.now() > deadlineMs) {
          throw new Error(`no map of schedule ${scheduleId} within ${FIRST_MAP_LIMIT_MS} ms`);
        }
        await change(deadlineMs - performance.now());
      }
    },
    change,
  };
}
