import { describeOperation, type Operation } from './operation.ts';
import type { SaleRecord } from './sale-record.ts';

/** R7. Operations that share a key are one charge. */
export function judgeCharges({ charges }: SaleRecord, operations: readonly Operation[]): string[] {
  const faults: string[] = [];
  const byUser = Map.groupBy(
    operations.filter(({ matter }) => matter.kind === 'charge'),
    ({ userId }) => userId,
  );
  for (const [userId, own] of byUser) {
    const recorded = charges.get(userId) ?? [];
    const byEntry = new Map(recorded.map((entry) => [entry.entryId, entry]));
    const possible = new Set<unknown>();
    for (const operation of own) {
      const { matter, effect, key } = operation;
      if (matter.kind !== 'charge') continue;
      if (effect !== 'none') possible.add(key ?? operation);
      if (matter.entry === null) continue;
      const entry = byEntry.get(matter.entry.entryId);
      if (entry?.amount !== matter.amount || entry.balance !== matter.entry.currentBalance) {
        faults.push(`R7: ${describeOperation(operation)}, but recorded is ${JSON.stringify(entry)}`);
      }
    }
    if (recorded.length > possible.size) {
      faults.push(`R7: ${recorded.length} charges of ${userId} are recorded; ${possible.size} can have been done`);
    }
  }
  return faults;
}
