import { type Numbered, sweep } from './judge-numbers.ts';
import { describeOperation, type Operation } from './operation.ts';
import type { SaleRecord } from './sale-record.ts';

/** R8, and R4 for the numbers of each queue. That admissions keep order, cap and window is for the audit. */
export function judgeQueue({ tokens }: SaleRecord, operations: readonly Operation[]): string[] {
  const faults: string[] = [];
  const byConcert = new Map<number, Numbered[]>();
  for (const operation of operations) {
    const { matter, userId } = operation;
    if (matter.kind !== 'enter' || matter.tokenId === null) continue;
    const token = tokens.get(matter.tokenId);
    if (token === undefined || token.userId !== userId || token.concertId !== matter.concertId) {
      faults.push(`R8: ${describeOperation(operation)}, but recorded is ${JSON.stringify(token)}`);
      continue;
    }
    const own = byConcert.get(matter.concertId) ?? [];
    own.push({ operation, number: token.no, isFresh: operation.isFresh });
    byConcert.set(matter.concertId, own);
  }
  for (const numbered of byConcert.values()) {
    sweep(numbered, (late, seen) => {
      faults.push(
        `R4: ${describeOperation(late.operation)} got place ${late.number}, after ${seen.number} had been given to ${describeOperation(seen.operation)}`,
      );
    });
  }
  return faults;
}
