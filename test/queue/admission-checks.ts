import type { Test } from 'tap';
import type { QueuePolicy } from '../../src/domain/catalogue.ts';
import type { TokenRow } from './room-harness.ts';

/** Instants of admission in order; asserts that no window of the policy's interval has more than its batch. */
export function assertWindow(t: Test, rows: readonly TokenRow[], { batch, intervalMs }: QueuePolicy): void {
  const instants = rows.flatMap((row) => row.activated ?? []).sort((one, other) => one - other);
  const bad = instants.filter((atMs, nth) => nth >= batch && atMs - (instants[nth - batch] ?? 0) < intervalMs);
  t.same(bad, [], 'admissions that came too soon');
}

/** Asserts that at no instant more are inside than the policy's maximum, and that nobody overtook anybody. */
export function assertCapAndOrder(t: Test, rows: readonly TokenRow[], { maxActive }: QueuePolicy): void {
  const steps = rows.flatMap((row) => {
    if (row.activated === null) return [];
    return [
      { atMs: row.activated, change: 1 },
      { atMs: Math.min(row.ended ?? Infinity, row.until ?? 0), change: -1 },
    ];
  });
  let inside = 0;
  let most = 0;
  for (const { change } of steps.sort((one, other) => one.atMs - other.atMs || one.change - other.change)) {
    inside += change;
    most = Math.max(most, inside);
  }
  t.ok(most <= maxActive, `${most} inside at once`);
  const admitted = rows.flatMap((row) => row.activated ?? []);
  t.same(
    admitted,
    [...admitted].sort((one, other) => one - other),
    'admitted in order of entry',
  );
}
