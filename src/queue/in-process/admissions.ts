/**
 * Lets people in: proposes, records, shows. An admission that is not recorded is never shown; one whose outcome is unknown
 * keeps its slot and its share of the window until that is known.
 */
import type { DatabaseClock } from '../../runtime/clock.ts';
import { Fault } from '../../domain/errors.ts';
import type { QueueChangeOutcome, QueueRecords, QueueTokenRow } from '../../domain/queue-token.ts';
import type { Agenda } from './agenda.ts';
import type { Proposal } from './concert-queue.ts';
import type { Doubts } from './doubts.ts';
import type { FlushResult, WriteStep } from '../write-cycle.ts';
import { isEndStatus, type Register } from './register.ts';

/** Admissions per statement; as many as entries, so that those who enter into an open house are in at once. */
const ADMISSIONS_PER_STATEMENT = 1_000;

export interface AdmissionSettings {
  readonly records: QueueRecords;
  readonly databaseClock: DatabaseClock;
  readonly agenda: Agenda;
  readonly register: Register;
  readonly doubts: Doubts;
  readonly onFenced: () => void;
  readonly onFailure: (error: unknown) => void;
}

export function createAdmissions(settings: AdmissionSettings): WriteStep {
  const { records, databaseClock, agenda, register, doubts, onFenced, onFailure } = settings;

  function propose(): Proposal[] {
    const proposals: Proposal[] = [];
    const now = { lowerMs: databaseClock.lowerMs(), upperMs: databaseClock.upperMs() };
    for (const queue of agenda.admissible) {
      const limit = ADMISSIONS_PER_STATEMENT - proposals.length;
      if (limit === 0) break;
      const proposed = queue.propose(now, limit);
      proposals.push(...proposed);
      if (proposed.length < limit) agenda.admissible.delete(queue);
    }
    return proposals;
  }

  function withdraw(proposal: Proposal): void {
    proposal.queue.withdraw();
    agenda.note(proposal.queue);
  }

  /** Takes over what the row of a proposed place says. */
  function settle(proposal: Proposal, row: QueueTokenRow | null): void {
    const { place, activatedAtMs } = proposal;
    if (row?.status === 'ACTIVE') {
      register.show(proposal);
      return;
    }
    // Admitted and ended already: its instant stays in the window, though its slot is free.
    if (row?.activatedAtMs === activatedAtMs) register.show(proposal);
    else withdraw(proposal);
    if (row === null) register.finish(place, 'EXPIRED', activatedAtMs);
    else if (isEndStatus(row.status)) register.finish(place, row.status, row.endedAtMs ?? activatedAtMs);
  }

  function doubt(proposals: readonly Proposal[]): void {
    doubts.add(
      proposals.map((proposal) => ({
        queue: proposal.queue,
        tokenId: proposal.place.tokenId,
        settle: (row) => settle(proposal, row),
      })),
    );
  }

  function apply(proposals: readonly Proposal[], outcome: QueueChangeOutcome): FlushResult {
    if (outcome.fenced.size > 0) {
      onFenced();
      return 'failed';
    }
    const refused = proposals.filter((proposal) => !outcome.changed.has(proposal.place.tokenId));
    for (const proposal of proposals) {
      if (outcome.changed.has(proposal.place.tokenId)) register.show(proposal);
    }
    // Their rows are not WAITING any more, which memory has yet to learn.
    if (refused.length > 0) doubt(refused);
    return 'done';
  }

  return {
    async flush() {
      const proposals = propose();
      if (proposals.length === 0) return 'idle';
      try {
        const outcome = await records.admit(
          proposals.map(({ queue, place, activatedAtMs, activeUntilMs }) => ({
            concertId: queue.concertId,
            generation: queue.generation,
            tokenId: place.tokenId,
            activatedAtMs,
            activeUntilMs,
          })),
        );
        return apply(proposals, outcome);
      } catch (error) {
        onFailure(error);
        if (error instanceof Fault && error.effect === 'unknown') doubt(proposals);
        else for (const proposal of proposals) withdraw(proposal);
        return 'failed';
      }
    },
  };
}
