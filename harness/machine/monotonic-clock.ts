/**
 * Milliseconds of the machine's monotonic clock, which is one for all its processes: what one process noted can be
 * subtracted from what another did. `performance.now()` begins at another instant in each; this finds out which.
 */
export function createMachineClock(): () => number {
  const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return () => originMs + performance.now();
}
