/**
 * Milliseconds of the machine's monotonic clock, which all its processes share, so times of two
 * processes can be subtracted. `performance.now()` has another origin in each process; this finds the origin.
 */
export function createMachineClock(): () => number {
  const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return () => originMs + performance.now();
}
