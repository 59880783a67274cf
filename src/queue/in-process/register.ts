/**
 * Lets what PostgreSQL has recorded take effect in memory, everywhere at once: in the concert's line, among the known places, in
 * the watch over who is still there, for whoever watches, and for the next admission.
 */
import type { QueueTokenRow, QueueTokenStatus } from '../../domain/queue-token.ts';
import type { Agenda } from './agenda.ts';
import type { ConcertQueue, Proposal } from './concert-queue.ts';
import { type EndStatus, isLive, type Place, placeOf } from '../place.ts';
import type { Places } from './places.ts';
import type { SignsOfLife } from './signs-of-life.ts';

export interface Register {
  /** A live token that memory did not have. */
  takeIn(queue: ConcertQueue, row: QueueTokenRow, arrival: { nowMs: number; isNew: boolean }): Place;
  /** An ended token that memory did not have. */
  remember(row: QueueTokenRow): Place;
  show(proposal: Proposal): void;
  /** A place has ended. Nothing happens when it had before. */
  finish(place: Place, status: EndStatus, endedAtMs: number): void;
  /** An end that was believed turned out not to be recorded: the place is ACTIVE after all. */
  revive(place: Place, nowMs: number): void;
}

export function isEndStatus(status: QueueTokenStatus): status is EndStatus {
  return status !== 'WAITING' && status !== 'ACTIVE';
}

export function createRegister(deps: {
  places: Places;
  signs: SignsOfLife;
  agenda: Agenda;
  queueOf: (concertId: number) => ConcertQueue | undefined;
}): Register {
  const { places, signs, agenda, queueOf } = deps;

  function tellWatchers(place: Place): void {
    for (const changed of place.watchers ?? []) changed(place.status);
  }

  return {
    takeIn(queue, row, { nowMs, isNew }) {
      const place = placeOf(row, queue.closesAtMs);
      queue.add(place, nowMs, isNew);
      places.add(place);
      if (place.status === 'ACTIVE') signs.noteActive(place);
      else signs.noteWaiting(place);
      agenda.note(queue);
      return place;
    },

    remember(row) {
      const place = placeOf(row, Number.POSITIVE_INFINITY);
      places.add(place);
      return place;
    },

    show(proposal) {
      proposal.queue.show(proposal);
      signs.noteActive(proposal.place);
      agenda.note(proposal.queue);
      tellWatchers(proposal.place);
    },

    finish(place, status, endedAtMs) {
      if (!isLive(place)) return;
      const queue = queueOf(place.concertId);
      if (queue === undefined) throw new Error(`a live token of concert ${place.concertId}, which has no line`);
      queue.remove(place, status, endedAtMs);
      signs.forget(place);
      places.noteEnded(place);
      agenda.note(queue);
      tellWatchers(place);
      place.watchers = null;
    },

    revive(place, nowMs) {
      const queue = queueOf(place.concertId);
      if (queue === undefined || isLive(place)) return;
      place.status = 'ACTIVE';
      place.endedAtMs = null;
      places.noteRevived(place);
      queue.add(place, nowMs, false);
      agenda.note(queue);
    },
  };
}
