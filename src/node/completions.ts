import type { Command, CommandRouter, PayReservations, Reply } from '../actors/command.ts';
import type { WaitingRoom } from '../domain/queue-token.ts';

/**
 * The router, with one addition: a payment that has completed its user's queue token is told to the waiting room of this node
 * before its reply is passed on, whichever node owns the schedule.
 */
export function noteCompletions(router: CommandRouter, room: Pick<WaitingRoom, 'noteCompleted'>): CommandRouter {
  function note(reply: Reply<PayReservations>, userId: string): void {
    if (reply.outcome !== 'granted' || !('payment' in reply.value)) return;
    const { payment, completedToken } = reply.value;
    if (completedToken !== null) room.noteCompleted(userId, payment.concertId);
  }

  async function pay(command: PayReservations): Promise<Reply<PayReservations>> {
    const reply = await router.dispatch(command);
    note(reply, command.userId);
    return reply;
  }

  return {
    dispatch<C extends Command>(command: C): Reply<C> | Promise<Reply<C>> {
      // The reply to a payment is one to this command.
      if (command.type === 'PayReservations') return pay(command) as Promise<Reply<C>>;
      return router.dispatch(command);
    },
  };
}
