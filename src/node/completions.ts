import type { Command, CommandRouter, PayReservations, Reply } from '../actors/command.ts';
import type { WaitingRoom } from '../domain/queue-token.ts';

/**
 * Wraps the router: when a payment has completed its user's queue token, notifies this node's waiting room before the reply is
 * returned, whichever node owns the schedule.
 */
export function noteCompletions(router: CommandRouter, room: Pick<WaitingRoom, 'noteCompleted'>): CommandRouter {
  function note(reply: Reply<PayReservations>): void {
    if (reply.outcome !== 'granted' || !('grant' in reply.value)) return;
    const { grant, completedToken } = reply.value;
    if (completedToken !== null) room.noteCompleted(grant.value.concertId, completedToken);
  }

  async function pay(command: PayReservations): Promise<Reply<PayReservations>> {
    const reply = await router.dispatch(command);
    note(reply);
    return reply;
  }

  return {
    dispatch<C extends Command>(command: C): Reply<C> | Promise<Reply<C>> {
      // The command is a payment, so the reply is a payment's.
      if (command.type === 'PayReservations') return pay(command) as Promise<Reply<C>>;
      return router.dispatch(command);
    },
  };
}
