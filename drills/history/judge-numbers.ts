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
  const numbered = operations.flatMap((operation): (Numbered & { readonly scheduleId: number })[] => {
    const { matter, isFresh } = operation;
    const number = numberOf(operation);
    if (number === null || !('scheduleId' in matter)) return [];
    const knownAt = operation.endedAt + (isFresh ? 0 : LOOKED_UP_MS);
    return [{ operation, scheduleId: matter.scheduleId, number, isFresh, knownAt }];
  });
  for (const own of Map.groupBy(numbered, ({ scheduleId }) => scheduleId).values()) {
    sweep(own, numberIn, ({ operation, number, isFresh }, seen) => {
      if (!isFresh || number >= seen.number) return;
      faults.push(`R4: ${describeOperation(operation)}, after ${describeOperation(seen.operation)} had been answered`);
    });
  }
  return faults;
}

/** The rank of an answer by its number. */
export function numberIn({ number }: Numbered): number {
  return number;
}

/** Visits every answer together with the one of the highest rank that was known before its request, where there is one. */
export function sweep<Answer extends Numbered>(
  answers: readonly Answer[],
  rankOf: (answer: Answer) => number,
  visit: (current: Answer, highest: Answer) => void,
): void {
  const byStart = answers.toSorted((one, other) => one.operation.startedAt - other.operation.startedAt);
  const byKnown = answers.toSorted((one, other) => one.knownAt - other.knownAt);
  let highest: Answer | null = null;
  let next = 0;
  for (const current of byStart) {
    for (let known = byKnown[next]; known !== undefined; known = byKnown[next]) {
      if (known.knownAt >= current.operation.startedAt) break;
      if (highest === null || rankOf(known) > rankOf(highest)) highest = known;
      next += 1;
    }
    if (highest !== null) visit(current, highest);
  }
}

/** The number that an answer carries: of the map, of the refusal, or of the last change that it grants. */
function numberOf({ matter }: Operation): number | null {
  if (matter.kind === 'map') return matter.view?.seq ?? null;
  if (matter.kind === 'hold' && matter.taken !== null) return matter.taken.seq;
  if (!('granted' in matter) || matter.granted.length === 0) return null;
  return Math.max(...matter.granted.map(({ seq }) => seq));
}
