import type pg from 'pg';
import type {
  AppendBatch,
  AppendOutcome,
  JournalSubject,
  NothingDone,
  SettlementBatch,
  SettlementResult,
} from '../../actors/journal-port.ts';
import type { TokenEnds } from '../../domain/queue-token.ts';
import { appendStatement, readAppended } from './append-statement.ts';
import type { DoubtResolution } from './doubt-resolution.ts';
import type { LaneStatement } from './lane.ts';
import type { PartRows } from './locked-schedules.ts';
import type { LockedWallets } from './locked-wallets.ts';
import { readSettlementRows, settlementStatement } from './settlement-statement.ts';

export type FlushKind = 'append' | 'settlement';

type Committed = Extract<AppendOutcome, { type: 'committed' }>;

/** What appends and settlements do differently. `Done` is what the outcome of a committed batch says beside its epoch. */
export interface Work<B, Done extends object> {
  readonly kind: FlushKind;
  readonly statementOf: (batches: readonly B[]) => LaneStatement;
  readonly countEntries: (batch: B) => number;
  readonly rowsOf: (batch: B) => PartRows;
  /** The number that the batch's first event would have. */
  readonly firstSeqOf: (batch: B) => number;
  /** What the statement did, by schedule. A schedule that was fenced off is missing. */
  readonly readDone: (rows: readonly pg.QueryResultRow[], batches: readonly B[]) => ReadonlyMap<number, Done>;
  /** The same for a statement whose answer is missing, if it was committed. Null when the runs are closed before it is known. */
  readonly findDone: (batches: readonly B[]) => Promise<ReadonlyMap<number, Done> | null>;
  readonly conclude: (subject: JournalSubject, outcome: (Committed & Done) | NothingDone) => void;
}

export const APPENDS: Work<AppendBatch, object> = {
  kind: 'append',
  statementOf: appendStatement,
  countEntries: ({ events }) => events.length,
  rowsOf: ({ scheduleId, concertId, changes }) => ({
    scheduleId,
    concertId,
    reservationIds: changes.map(({ reservationId }) => reservationId),
    payers: [],
  }),
  firstSeqOf: ({ firstSeq }) => firstSeq,
  readDone: (rows) => new Map([...readAppended(rows)].map((scheduleId) => [scheduleId, {}])),
  // A batch that only records keys moves no number, so the head does not show whether it was done. Its commands are decided
  // again, which is safe: if it was done, their keys are taken, and the node that asked answers from the record.
  findDone: async (batches) =>
    new Map(batches.filter((batch) => batch.lastSeq >= batch.firstSeq).map((batch) => [batch.scheduleId, {}])),
  conclude: (subject, outcome) => subject.concludeAppend(outcome),
};

interface Settled {
  readonly results: readonly SettlementResult[];
}

export function createSettlementWork(
  doubt: Pick<DoubtResolution, 'readSettlements'>,
  wallets: LockedWallets,
  tokenEnds: TokenEnds,
): Work<SettlementBatch, Settled> {
  /** A settlement whose wallet stays locked is given up. */
  function noteWallets(
    { settlements }: SettlementBatch,
    results: readonly SettlementResult[],
  ): readonly SettlementResult[] {
    const users = new Map(settlements.map(({ paymentId, userId }) => [paymentId, userId]));
    return results.map((result) => {
      const { paymentId, fate } = result;
      const userId = users.get(paymentId) ?? '';
      if (fate !== 'untried') wallets.noteUnlocked(userId);
      else if (!wallets.noteLocked(userId)) return { paymentId, fate: 'given-up' };
      return result;
    });
  }

  return {
    kind: 'settlement',
    statementOf: (batches) => settlementStatement(batches, tokenEnds),
    countEntries: ({ settlements }) => settlements.length,
    rowsOf: ({ scheduleId, concertId, settlements }) => ({
      scheduleId,
      concertId,
      reservationIds: settlements.flatMap(({ items }) => items.map(({ reservationId }) => reservationId)),
      payers: settlements.flatMap(({ kind, userId }) => (kind === 'PAYMENT' ? [userId] : [])),
    }),
    firstSeqOf: ({ baseSeq }) => baseSeq + 1,
    readDone(rows, batches) {
      const done = readSettlementRows(rows as Parameters<typeof readSettlementRows>[0]);
      return new Map(
        batches.flatMap((batch) => {
          const results = done.get(batch.scheduleId);
          return results === undefined ? [] : [[batch.scheduleId, { results: noteWallets(batch, results) }]];
        }),
      );
    },
    async findDone(batches) {
      const settled = await doubt.readSettlements(batches.flatMap(({ settlements }) => settlements));
      if (settled === null) return null;
      return new Map(
        batches.map(({ scheduleId, settlements }) => [
          scheduleId,
          { results: settlements.map(({ paymentId }) => settled.get(paymentId) ?? { paymentId, fate: 'untried' }) },
        ]),
      );
    },
    conclude: (subject, outcome) => subject.concludeSettlements(outcome),
  };
}
