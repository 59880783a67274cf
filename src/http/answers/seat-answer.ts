import type { FastifyReply } from 'fastify';
import type { Outcome, Replayed } from '../../booking/outcome.ts';
import type { NameSeat, SeatNames } from '../../booking/seat-names.ts';
import { Fault } from '../../domain/errors.ts';
import { answerTo, scheduleOf, type SeatForm } from './grant-answer.ts';
import type { Responder } from './responder.ts';

const NO_SEATS: NameSeat = () => ({ seatLabel: '', section: null, row: '' });

/**
 * Answers with the outcome of a use case, and names its seats. When the names cannot be read, the answer is a 503 whose outcome is
 * unknown: the request may have been granted, and is answered from the record when it is repeated under its key.
 */
export function respondWithSeats(
  { responder, seatNames }: { readonly responder: Responder; readonly seatNames: SeatNames },
  reply: FastifyReply,
  outcome: Outcome | Replayed,
  form: SeatForm = 'one',
): void | Promise<void> {
  const scheduleId = outcome.outcome === 'granted' || outcome.outcome === 'replayed' ? scheduleOf(outcome.value) : null;
  const respond = (nameSeat: NameSeat): void =>
    responder.respond(reply, outcome, (grant) => answerTo(grant, nameSeat, form));
  if (scheduleId === null) return respond(NO_SEATS);
  const names = seatNames.of(scheduleId);
  if (!(names instanceof Promise)) return respond(names);
  return names.then(respond, (error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    responder.failed(reply, new Fault(error.code, 'unknown', { cause: error }));
  });
}
