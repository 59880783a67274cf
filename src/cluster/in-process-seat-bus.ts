import type { Log } from '../runtime/log.ts';
import type { SeatListener, SeatPublisher, SeatSubscriber } from '../domain/seat-broadcast.ts';

export interface SeatBus extends SeatPublisher, SeatSubscriber {}

/**
 * Carries updates from owners to watchers within one process: at once, in order, without loss. The error of a listener is
 * logged and stops neither the owner nor the other listeners.
 */
export function createInProcessSeatBus({ log }: { readonly log: Log }): SeatBus {
  const listenersOf = new Map<number, Set<SeatListener>>();

  function tell(scheduleId: number, say: (listener: SeatListener) => void): void {
    const listeners = listenersOf.get(scheduleId);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        say(listener);
      } catch (error) {
        log.error({ err: error, scheduleId }, 'a listener to seat updates failed');
      }
    }
  }

  return {
    isWatched: (scheduleId) => listenersOf.has(scheduleId),
    watched: () => listenersOf.keys(),
    publish: (updates) => tell(updates.scheduleId, (listener) => listener.updated(updates)),
    announce: (head) => tell(head.scheduleId, (listener) => listener.stands(head)),

    watch(scheduleId, listener) {
      const listeners = listenersOf.get(scheduleId) ?? new Set();
      listenersOf.set(scheduleId, listeners);
      // A separate entry, so that one listener may watch twice.
      const entry: SeatListener = {
        updated: (updates) => listener.updated(updates),
        stands: (head) => listener.stands(head),
      };
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
        if (listeners.size === 0 && listenersOf.get(scheduleId) === listeners) listenersOf.delete(scheduleId);
      };
    },
  };
}
