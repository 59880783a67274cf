import { judgeChanges } from './judge-changes.ts';
import { judgeCharges } from './judge-charges.ts';
import { judgeKeys } from './judge-keys.ts';
import { judgeNumbers } from './judge-numbers.ts';
import { judgeQueue } from './judge-queue.ts';
import { judgeViews } from './judge-views.ts';
import type { Operation } from './operation.ts';
import type { SaleRecord } from './sale-record.ts';

/*
 * Judges whether the answers of the callers are one linear history. Each change has its number in the schedule's log, so
 * this takes sorting and one sweep instead of a search: n log n.
 *
 * R1. The log is legal: a seat that is not free is not held again, and only a held or paid seat ends.
 * R2. Every acknowledged change is in the log, at the number and under the epoch that its answer named, for its user.
 * R3. Every map and every SEAT_TAKEN is the state of the log at the number that it carries.
 * R4. An operation that began after an answer with number s had arrived reports s or more. So do queue numbers.
 * R5. An answer granted every change in the log except expiries, or a request for it had an unknown outcome. The log of changes has
 *     an organiser's order for every change that only organisers make.
 * R6. A key whose requests were all answered as not done is not recorded. A key has at most one new grant, and is recorded then.
 * R7. Every acknowledged charge is in the ledger; there are no more charges than requests that were acknowledged or have an unknown outcome.
 * R8. Every acknowledged place in a queue is recorded for its user and concert.
 * R9. A person who entered after another one knew their place is not admitted before them.
 */

/** A sentence for each fault, which begins with the rule. */
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
