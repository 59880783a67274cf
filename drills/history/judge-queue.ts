import { type Numbered, sweep } from './judge-numbers.ts';
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
  for (const entries of byConcert.values()) {
    sweep(entries, (late, seen) => {
      faults.push(
        `R4: ${describeOperation(late.operation)} got place ${late.number}, after ${seen.number} had been given to ${describeOperation(seen.operation)}`,
      );
    });
    judgeTurns(entries, faults);
  }
  return faults;
}

interface Entry extends Numbered {
  readonly token: TokenRecord;
}

/** Processes date ends by their own clocks, the database dates admissions: they may differ by this much. */
const CLOCKS_APART_MS = 1_000;

/** When the token stopped waiting; Infinity while it waits. */
function waitedUntil({ activatedAt, endedAt }: TokenRecord): number {
  return Math.min(
    activatedAt ?? Number.POSITIVE_INFINITY,
    endedAt === null ? Number.POSITIVE_INFINITY : endedAt - CLOCKS_APART_MS,
  );
}

/** R9: by the order of the answers, so entries that were in flight at once may be admitted in either order. */
function judgeTurns(entries: readonly Entry[], faults: string[]): void {
  const byStart = entries.toSorted((one, other) => one.operation.startedAt - other.operation.startedAt);
  const byEnd = entries.toSorted((one, other) => one.knownAt - other.knownAt);
  let longest: Entry | null = null;
  let next = 0;
  for (const current of byStart) {
    for (let told = byEnd[next]; told !== undefined; told = byEnd[next]) {
      if (told.knownAt >= current.operation.startedAt) break;
      if (longest === null || waitedUntil(told.token) > waitedUntil(longest.token)) longest = told;
      next += 1;
    }
    const { activatedAt } = current.token;
    if (!current.isFresh || activatedAt === null || longest === null) continue;
    if (waitedUntil(longest.token) > activatedAt) {
      faults.push(
        `R9: ${describeOperation(current.operation)} was let in at ${activatedAt}, before ${describeOperation(longest.operation)} with ${JSON.stringify(longest.token)}`,
      );
    }
  }
}
