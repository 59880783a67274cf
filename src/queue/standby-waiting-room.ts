import { Fault } from '../domain/errors.ts';
import type { QueueWatch, WaitingRoom } from '../domain/queue-token.ts';

type KeptRoom = WaitingRoom & Pick<QueueWatch, 'watch' | 'look'>;

/**
 * A waiting room that is there only while this node keeps it: everything is QUEUE_UNAVAILABLE, with nothing done, while
 * `current` has none, and nobody's token is live here.
 */
export function createStandbyWaitingRoom(current: () => KeptRoom | null): KeptRoom {
  function room(): KeptRoom {
    const open = current();
    if (open === null) throw new Fault('QUEUE_UNAVAILABLE', 'none');
    return open;
  }

  return {
    enter: async (userId, concertId) => await room().enter(userId, concertId),
    holderOf: (token) => room().holderOf(token),
    // A rejected promise instead of a throw, as every waiting room answers here.
    identify(token) {
      const open = current();
      return open === null ? Promise.reject(new Fault('QUEUE_UNAVAILABLE', 'none')) : open.identify(token);
    },
    status: async (token) => await room().status(token),
    activate: async (token) => await room().activate(token),
    leave: async (token) => await room().leave(token),
    noteCompleted: (concertId, completed) => current()?.noteCompleted(concertId, completed),
    notePolicyChanged: (concertId) => current()?.notePolicyChanged(concertId),
    counts: async (concertId) => await room().counts(concertId),
    watch: (token, changed) => current()?.watch(token, changed) ?? null,
    look: (tokens) => current()?.look(tokens) ?? tokens.map(() => null),
  };
}
