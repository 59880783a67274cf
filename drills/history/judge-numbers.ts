import { describeOperation, type Operation } from './operation.ts';

/**
 * A look-up, or a replay, reads the database, which has a change before its owner hears of it. An owner that is stopped
 * meanwhile may answer from its older state for as long as its lease runs, which is 2 s.
 */
const LOOKED_UP_MS = 2_500;

/** An answer with its number, for the sweep. */
export interface Numbered {
  readonly operation: Operation;
  readonly number: number;
  /** Whether it must be at least as new as every answer that had arrived before it was asked for. */
  readonly isFresh: boolean;
  /** From then on no answer may carry a lower number. */
  readonly knownAt: number;
}

/** R4 for the seats of each schedule. */
export function judgeNumbers(operations: readonly Operation[]): string[] {
  const faults: string[] = [];
  const bySchedule = new Map<number, Numbered[]>();
  for (const operation of operations) {
    const { matter } = operation;
    const number = numberOf(operation);
    if (number === null || !('scheduleId' in matter)) continue;
    const own = bySchedule.get(matter.scheduleId) ?? [];
    const knownAt = operation.endedAt + (operation.isFresh ? 0 : LOOKED_UP_MS);
    own.push({ operation, number, isFresh: operation.isFresh, knownAt });
    bySchedule.set(matter.scheduleId, own);
  }
  for (const numbered of bySchedule.values()) {
    sweep(numbered, ({ operation }, seen) => {
      faults.push(`R4: ${describeOperation(operation)}, after ${describeOperation(seen.operation)} had been answered`);
    });
  }
  return faults;
}

/** Reports every fresh answer that is older than one that had arrived before it was asked for. */
export function sweep(numbered: readonly Numbered[], report: (late: Numbered, seen: Numbered) => void): void {
  const byStart = numbered.toSorted((one, other) => one.operation.startedAt - other.operation.startedAt);
  const byKnown = numbered.toSorted((one, other) => one.knownAt - other.knownAt);
  let newest: Numbered | null = null;
  let next = 0;
  for (const current of byStart) {
    for (let known = byKnown[next]; known !== undefined; known = byKnown[next]) {
      if (known.knownAt >= current.operation.startedAt) break;
      if (newest === null || known.number > newest.number) newest = known;
      next += 1;
    }
    if (current.isFresh && newest !== null && current.number < newest.number) report(current, newest);
  }
}

/** The number that an answer carries: of the map, of the refusal, or of the last change that it grants. */
function numberOf({ matter }: Operation): number | null {
  if (matter.kind === 'map') return matter.view?.seq ?? null;
  if (matter.kind === 'hold' && matter.taken !== null) return matter.taken.seq;
  if (!('granted' in matter) || matter.granted.length === 0) return null;
  return Math.max(...matter.granted.map(({ seq }) => seq));
}
