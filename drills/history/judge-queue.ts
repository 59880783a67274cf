import { numberIn, type Numbered, sweep } from './judge-numbers.ts';
import { describeOperation, type Operation } from './operation.ts';
import type { SaleRecord, TokenRecord } from './sale-record.ts';

/** R8; R4 for the numbers of each queue; and R9. That admissions keep cap and window is for the audit. */
export function judgeQueue({ tokens }: SaleRecord, operations: readonly Operation[]): string[] {
  const faults: string[] = [];
  const byConcert = new Map<number, Entry[]>();
  for (const operation of operations) {
    const { matter, userId } = operation;
    if (matter.kind !== 'enter' || matter.tokenId === null) continue;
    const token = tokens.get(matter.tokenId);
    if (token === undefined || token.userId !== userId || token.concertId !== matter.concertId) {
      faults.push(`R8: ${describeOperation(operation)}, but recorded is ${JSON.stringify(token)}`);
      continue;
    }
    const { isFresh, endedAt } = operation;
    const own = byConcert.get(matter.concertId) ?? [];
    own.push({ operation, number: token.no, isFresh, knownAt: endedAt, token });
    byConcert.set(matter.concertId, own);
  }
  for (const own of byConcert.values()) {
    sweep(own, numberIn, ({ operation, number, isFresh }, seen) => {
      if (!isFresh || number >= seen.number) return;
      faults.push(
        `R4: ${describeOperation(operation)} got place ${number}, after ${seen.number} had been given to ${describeOperation(seen.operation)}`,
      );
    });
    // R9: by the order of the answers, so entries that were in flight at once may be admitted in either order.
    sweep(own, waitedUntil, ({ operation, isFresh, token: { activatedAt } }, longest) => {
      if (!isFresh || activatedAt === null || waitedUntil(longest) <= activatedAt) return;
      faults.push(
        `R9: ${describeOperation(operation)} was admitted at ${activatedAt}, before ${describeOperation(longest.operation)} with ${JSON.stringify(longest.token)}`,
      );
    });
  }
  return faults;
}

interface Entry extends Numbered {
  readonly token: TokenRecord;
}

/** Processes date ends by their own clocks, the database dates admissions: they may differ by this much. */
const CLOCKS_APART_MS = 1_000;

/** When the token stopped waiting; Infinity while it waits. */
function waitedUntil({ token: { activatedAt, endedAt } }: Entry): number {
  return Math.min(
    activatedAt ?? Number.POSITIVE_INFINITY,
    endedAt === null ? Number.POSITIVE_INFINITY : endedAt - CLOCKS_APART_MS,
  );
}
