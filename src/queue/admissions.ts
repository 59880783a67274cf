/**
 * Lets people in, on any node: the line store proposes, PostgreSQL records, the line store shows. No node leads.
 *
 * ADMIT-1. A proposal is shown only once PostgreSQL has recorded it, with the instant that it was proposed with.
 * ADMIT-2. One that certainly was not recorded, for a lock on its row for instance, is withdrawn. One whose outcome is unknown keeps its slot and its share of the window
 *     and is recorded again, after a second by any node, which does nothing to who is in already.
 * ADMIT-3. One round of proposals is out at a time, whichever node made it, so nobody is let in ahead of somebody whose round failed.
 */
import { type Clock, pause } from '../runtime/clock.ts';
import { Fault } from '../domain/errors.ts';
import type { QueueChangeOutcome, QueueRecords } from '../domain/queue-token.ts';
import type { FlushResult, WriteStep } from './write-cycle.ts';
import { type Admission, type LineStore, LOST } from './line-store.ts';
import type { Repair } from './repair.ts';
import type { RecordedChanges } from './recorded-changes.ts';
import { isOpen, type OpenLine, type KnownLine, type KnownLines } from './lines.ts';
import type { KnownTokens } from './known-tokens.ts';

/** How long, and how often, a round of another node is waited for: as long as PostgreSQL takes for it. */
const ROUND_PAUSE_MS = 4;
const ROUND_PAUSES = 5;
/** Admissions per line and statement; as many as entries, so that those who enter into an open house are in at once. */
const ADMISSIONS_PER_LINE = 1_000;

export interface Admissions extends WriteStep {
  /** Takes over a proposal that was not completed. */
  complete(line: OpenLine, tokenId: string, activatedAtMs: number): void;
}

interface Proposal extends Admission {
  readonly line: OpenLine;
  /** Of the line when it was proposed. */
  readonly generation: number;
  /** It was sent before, and may be recorded: the line store hands it out until that is known. */
  readonly isDoubtful: boolean;
}

export interface AdmissionSettings {
  readonly records: QueueRecords;
  readonly store: LineStore;
  readonly lines: KnownLines;
  /** That of the machine. */
  readonly machineClock: Clock;
  readonly knownTokens: KnownTokens;
  readonly changes: RecordedChanges;
  readonly repair: Repair;
  readonly wake: () => void;
  readonly onFailure: (error: unknown) => void;
}

export function createAdmissions(settings: AdmissionSettings): Admissions {
  const { records, store, lines, machineClock, knownTokens, changes, repair, wake, onFailure } = settings;
  let takenOver: Proposal[] = [];
  /** ADMIT-2, in an exclusive store: whether they were recorded can be read, since their generation was raised meanwhile. */
  let readable: Proposal[] = [];

  /** Whether another node is admitting, so that there may be room when it has done. */
  function isBusy({ summary }: KnownLine): boolean {
    return summary !== null && summary.pending > 0 && summary.waiting > summary.pending;
  }

  async function propose(line: OpenLine): Promise<Proposal[]> {
    const { generation } = line;
    let proposed = await store.propose(line.concertId, generation, ADMISSIONS_PER_LINE);
    // A fan that has just entered and is admitted learns so in the same answer. After that the other node's event prompts this one.
    for (let pauses = 0; proposed !== LOST && proposed.length === 0 && isBusy(line); pauses += 1) {
      if (pauses === ROUND_PAUSES) break;
      await pause(machineClock, ROUND_PAUSE_MS);
      proposed = await store.propose(line.concertId, generation, ADMISSIONS_PER_LINE);
    }
    if (proposed === LOST) {
      lines.noteLost(line.concertId);
      return [];
    }
    // There may be more.
    if (proposed.length === ADMISSIONS_PER_LINE) lines.admissible.add(line);
    return proposed.map((admission) => ({ ...admission, line, generation, isDoubtful: false }));
  }

  async function gather(): Promise<Proposal[]> {
    const looked = [...lines.admissible];
    lines.admissible.clear();
    const proposals = takenOver;
    takenOver = [];
    const results = await Promise.allSettled(looked.filter(isOpen).map(propose));
    for (const result of results) {
      if (result.status === 'fulfilled') proposals.push(...result.value);
      else onFailure(result.reason);
    }
    return proposals;
  }

  async function show(line: OpenLine, generation: number, admissions: readonly Admission[]): Promise<void> {
    if (admissions.length === 0) return;
    const shown = await store.show(line.concertId, generation, admissions);
    if (shown === LOST) {
      lines.noteLost(line.concertId);
      return;
    }
    line.admissions += shown.length;
    const isShown = new Set(shown);
    for (const { tokenId, activatedAtMs, activeUntilMs } of admissions) {
      if (isShown.has(tokenId)) knownTokens.noteActive(tokenId, activatedAtMs, activeUntilMs);
    }
  }

  /** Their rows were not WAITING any more: the rows count, whichever node wrote them. */
  async function settle(line: OpenLine, generation: number, refused: readonly Proposal[]): Promise<void> {
    if (refused.length === 0) return;
    const rows = await records.find(refused.map(({ tokenId }) => tokenId));
    const admittedAt = new Map(rows.map((row) => [row.tokenId, row.activatedAtMs]));
    const vain = refused.filter(({ tokenId, activatedAtMs }) => admittedAt.get(tokenId) !== activatedAtMs);
    if (vain.length > 0) await store.withdraw(line.concertId, generation, vain);
    await changes.apply(line, rows);
  }

  async function takeEffect(
    proposals: readonly Proposal[],
    { changed, locked }: Pick<QueueChangeOutcome, 'changed' | 'locked'>,
  ): Promise<void> {
    const [first] = proposals;
    if (first === undefined) return;
    const { line, generation } = first;
    // The lock may be that of the statement whose outcome is unknown.
    const isStillDoubtful = ({ tokenId, isDoubtful }: Proposal): boolean => isDoubtful && locked.has(tokenId);
    takenOver.push(...proposals.filter(isStillDoubtful));
    try {
      await show(
        line,
        generation,
        proposals.filter(({ tokenId }) => changed.has(tokenId)),
      );
      await settle(
        line,
        generation,
        proposals.filter((proposal) => !changed.has(proposal.tokenId) && !isStillDoubtful(proposal)),
      );
    } catch (error) {
      onFailure(error);
      repair.add(
        line.concertId,
        proposals.map(({ tokenId }) => tokenId),
      );
    }
  }

  async function withdraw(proposals: readonly Proposal[]): Promise<void> {
    for (const [line, members] of Map.groupBy(proposals, (proposal) => proposal.line)) {
      try {
        await store.withdraw(line.concertId, members[0]?.generation ?? 0, members);
        lines.admissible.add(line);
      } catch (error) {
        // It is handed out again after a second.
        onFailure(error);
      }
    }
  }

  async function record(proposals: readonly Proposal[]): Promise<FlushResult> {
    try {
      const outcome = await records.admit(
        proposals.map(({ line, generation, tokenId, activatedAtMs, activeUntilMs }) => ({
          concertId: line.concertId,
          generation,
          tokenId,
          activatedAtMs,
          activeUntilMs,
        })),
      );
      const groups = [...Map.groupBy(proposals, (proposal) => proposal.line)];
      await Promise.all(
        groups.map(async ([line, members]) => {
          if (outcome.fenced.has(line.concertId)) lines.noteLost(line.concertId, members[0]?.generation);
          else await takeEffect(members, outcome);
        }),
      );
      return 'done';
    } catch (error) {
      onFailure(error);
      if (error instanceof Fault && error.effect === 'unknown' && store.exclusive !== null) {
        readable.push(...proposals);
        for (const { line, tokenId } of proposals) repair.doubt(line, [tokenId]);
      } else if (error instanceof Fault && error.effect === 'unknown') {
        takenOver.push(...proposals.map((proposal) => ({ ...proposal, isDoubtful: true })));
      } else {
        await withdraw(proposals.filter((proposal) => !proposal.isDoubtful));
      }
      return 'failed';
    }
  }

  async function settleReadable(): Promise<void> {
    for (const [line, members] of Map.groupBy(readable, (proposal) => proposal.line)) {
      if (repair.isDoubted(line)) continue;
      await settle(line, line.generation, members);
      const settled = new Set(members.map(({ tokenId }) => tokenId));
      takenOver = takenOver.filter(({ tokenId }) => !settled.has(tokenId));
      readable = readable.filter((proposal) => proposal.line !== line);
      lines.admissible.add(line);
    }
  }

  return {
    complete(line, tokenId, activatedAtMs) {
      const { generation, summary } = line;
      const activeUntilMs = activatedAtMs + (summary?.activeTtlMs ?? 0);
      takenOver.push({ line, generation, tokenId, activatedAtMs, activeUntilMs, isDoubtful: true });
      wake();
    },

    async flush() {
      if (!store.isUp) {
        takenOver = [];
        return 'idle';
      }
      try {
        await settleReadable();
      } catch (error) {
        onFailure(error);
        return 'failed';
      }
      const proposals = await gather();
      return proposals.length === 0 ? 'idle' : record(proposals);
    },
  };
}
