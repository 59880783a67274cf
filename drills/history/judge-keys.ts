import { describeOperation, type Operation } from './operation.ts';
import type { SaleRecord } from './sale-record.ts';

/** R6. */
export function judgeKeys({ keys }: SaleRecord, operations: readonly Operation[]): string[] {
  const faults: string[] = [];
  const uses = Map.groupBy(
    operations.filter(({ key }) => key !== null),
    ({ userId, key }) => `${userId} ${key}`,
  );
  for (const [name, sharing] of uses) {
    const fresh = sharing.filter(({ effect, isFresh }) => effect === 'done' && isFresh);
    const [first] = sharing;
    if (first === undefined) continue;
    const words = sharing.map(describeOperation).join('; ');
    if (fresh.length > 1) faults.push(`R6: one key was granted ${fresh.length} times: ${words}`);
    if (fresh.length > 0 && !keys.has(name)) faults.push(`R6: granted, and its key is not recorded: ${words}`);
    if (keys.has(name) && sharing.every(({ effect }) => effect === 'none')) {
      faults.push(`R6: said not to be done, and its key is recorded: ${words}`);
    }
  }
  return faults;
}
