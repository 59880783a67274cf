import { Fault } from '../errors.ts';
import type { WaitingRoom } from '../queue-token.ts';

/**
 * A waiting room that is there only while this node keeps it: everything is QUEUE_UNAVAILABLE, with nothing done, while
 * `current` has none.
 */
export function createStandbyWaitingRoom(current: () => WaitingRoom | null): WaitingRoom {
  function room(): WaitingRoom {
    const open = current();
    if (open === null) throw new Fault('QUEUE_UNAVAILABLE', 'none');
    return open;
  }

  return {
    enter: async (userId, concertId) => await room().enter(userId, concertId),
    // A rejected promise instead of a throw, as every waiting room answers here.
    identify(token) {
      const open = current();
      return open === null ? Promise.reject(new Fault('QUEUE_UNAVAILABLE', 'none')) : open.identify(token);
    },
    status: async (token) => await room().status(token),
    activate: async (token) => await room().activate(token),
    leave: async (token) => await room().leave(token),
    noteCompleted: (userId, concertId) => current()?.noteCompleted(userId, concertId),
    notePolicyChanged: (concertId) => current()?.notePolicyChanged(concertId),
    counts: async (concertId) => await room().counts(concertId),
  };
}
