import { OUTCOMES, type Outcome, type SteadyRecords } from './steady-calls.ts';

/** A request of the steady load that has ended. Times are the machine's monotonic milliseconds. */
export interface SteadyRequest {
  readonly dueMs: number;
  readonly doneMs: number;
  /** The index of the schedule in the order. */
  readonly schedule: number;
  readonly outcome: Outcome;
  /** Of the change that a 2xx answer reports; 0 for all others. */
  readonly seq: number;
}

/** The requests of several records, in the order in which they ended. */
export function readRequests(takings: readonly SteadyRecords[]): SteadyRequest[] {
  return takings.flatMap(({ dueMs, doneMs, schedule, outcome, seq }) =>
    Array.from(dueMs, (due, index) => ({
      dueMs: due,
      doneMs: doneMs[index] ?? 0,
      schedule: schedule[index] ?? 0,
      outcome: OUTCOMES[outcome[index] ?? 0] ?? 'strange',
      seq: seq[index] ?? 0,
    })),
  );
}

/** Whether it was done. */
export function isDone({ outcome }: SteadyRequest): boolean {
  return outcome === 'held' || outcome === 'released';
}

/** Whether the request failed for its caller: neither done nor refused for a reason of the sale. */
export function hasFailed(request: SteadyRequest): boolean {
  return !isDone(request) && request.outcome !== 'refused';
}

/** The number of requests of each outcome that is not 2xx. */
export function countFailures(requests: readonly SteadyRequest[]): Partial<Record<Outcome, number>> {
  const counts: Partial<Record<Outcome, number>> = {};
  for (const request of requests) {
    if (!isDone(request)) counts[request.outcome] = (counts[request.outcome] ?? 0) + 1;
  }
  return counts;
}

/** The value that a fraction of the values does not exceed; NaN of none. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(Math.ceil(sorted.length * fraction) - 1, 0)] ?? NaN;
}
