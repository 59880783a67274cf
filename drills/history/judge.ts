import { judgeChanges } from './judge-changes.ts';
import { judgeCharges } from './judge-charges.ts';
import { judgeKeys } from './judge-keys.ts';
import { judgeNumbers } from './judge-numbers.ts';
import { judgeQueue } from './judge-queue.ts';
import { judgeViews } from './judge-views.ts';
import type { Operation } from './operation.ts';
import type { SaleRecord } from './sale-record.ts';

/*
 * Whether what callers were told over HTTP is one linear history. Each change has its number in the schedule's log, so
 * this takes sorting and one sweep, not a search: n log n.
 *
 * R1. The log is legal: a seat that is not free is not held again, and only what is held or paid ends.
 * R2. Every acknowledged change is in the log, at the number and under the epoch that its answer named, for its user.
 * R3. Every map and every SEAT_TAKEN is the state that the log leads to at the number it carries.
 * R4. An operation that began after an answer with number s had arrived reports s or more. So do queue numbers.
 * R5. Every change in the log but an expiry was granted to somebody, or asked for by somebody who was left in doubt.
 * R6. What was answered as not done left nothing: under its key nothing is recorded. A key was granted anew at most once, and is recorded then.
 * R7. Every acknowledged charge is in the ledger; there are no more charges than were acknowledged or left in doubt.
 * R8. Every acknowledged place in a queue is recorded for its user and concert.
 * R9. Nobody who entered after somebody had been told their place is admitted before them.
 */

/** Everything that is wrong, in sentences that begin with the rule. */
export function judgeHistory(record: SaleRecord, operations: readonly Operation[]): string[] {
  return [
    ...judgeChanges(record, operations),
    ...judgeViews(record, operations),
    ...judgeNumbers(operations),
    ...judgeKeys(record, operations),
    ...judgeCharges(record, operations),
    ...judgeQueue(record, operations),
  ];
}
