/** CPU clocks by name: of a process, or of PostgreSQL with all of its processes. Microseconds since its start. */
export type CpuClocks = Readonly<Record<string, () => number>>;

/** CPU time by the same names, in microseconds. */
export type CpuParts = Readonly<Record<string, number>>;

/** Reads the clocks now; the function that it returns reports by how much each has advanced since. */
export function startCpuParts(clocks: CpuClocks): () => CpuParts {
  const before = Object.entries(clocks).map(([name, read]) => [name, read, read()] as const);
  return () => Object.fromEntries(before.map(([name, read, startUs]) => [name, read() - startUs]));
}

/** All parts together. */
export function sumOfParts(parts: CpuParts): number {
  return Object.values(parts).reduce((sum, us) => sum + us, 0);
}
