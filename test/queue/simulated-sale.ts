import type { QueuePolicy } from '../../src/domain/catalogue.ts';
import type { LineSummary } from '../../src/queue/line-store.ts';
import { createConcertLine } from '../../src/queue/memory/concert-line.ts';
import type { Random } from '../../harness/random.ts';

const STEP_MS = 250;
const CLOSES_AT_MS = 1e12;
const NEVER_MS = 1e9;

/** One fan who looked at the line, and how long that fan then waited. */
export interface Sighting {
  readonly atMs: number;
  readonly position: number;
  readonly summary: LineSummary;
  readonly waitedMs: number;
}

export interface SimulatedSale {
  readonly policy: QueuePolicy;
  readonly fans: number;
  /** All fans come within so long, evenly. */
  readonly arriveWithinMs: number;
  /** How long one fan stays inside. */
  readonly stayMs: (random: Random) => number;
  readonly random: Random;
}

/** Runs a sale to its end in the product's own line, and has each waiting fan look at it every `everyMs`. */
export function simulateSale(sale: SimulatedSale, everyMs: number): readonly Sighting[] {
  const { policy, fans, arriveWithinMs, stayMs, random } = sale;
  const allowances = { abandonMs: NEVER_MS, noShowMs: NEVER_MS, idleMs: 0 };
  const terms = { policy, bookingClosesAtMs: CLOSES_AT_MS };
  const line = createConcertLine({ generation: 1, terms, isSuspended: false, admissions: [], allowances, nowMs: 0 });
  const looks: { tokenId: string; atMs: number; position: number; summary: LineSummary }[] = [];
  const admittedAtMs = new Map<string, number>();
  const leavesAtMs = new Map<string, number>();
  let entered = 0;
  for (let nowMs = 0; admittedAtMs.size < fans; nowMs += STEP_MS) {
    const due = Math.min(fans, Math.ceil((fans * (nowMs + STEP_MS)) / arriveWithinMs));
    for (; entered < due; entered += 1) {
      const tokenId = String(entered + 1);
      const row = { tokenId, userId: tokenId, concertId: 1, no: entered + 1, status: 'WAITING' as const };
      line.put([{ ...row, issuedAtMs: nowMs, activatedAtMs: null, activeUntilMs: null, endedAtMs: null }], nowMs);
    }
    const leaving = [...leavesAtMs].filter(([, atMs]) => atMs <= nowMs).map(([tokenId]) => tokenId);
    for (const tokenId of leaving) leavesAtMs.delete(tokenId);
    line.remove(
      leaving.map((tokenId) => ({ tokenId, status: 'COMPLETED' as const, endedAtMs: nowMs })),
      nowMs,
    );
    for (const tokenId of line.show(line.propose(nowMs, nowMs, fans), nowMs)) {
      admittedAtMs.set(tokenId, nowMs);
      leavesAtMs.set(tokenId, nowMs + Math.min(policy.activeTtlMs, stayMs(random)));
    }
    if (nowMs % everyMs !== 0) continue;
    const summary = line.summarise(nowMs);
    line.range('waiting', 0, fans).forEach((tokenId, rank) => {
      looks.push({ tokenId, atMs: nowMs, position: rank + 1, summary });
    });
  }
  return looks.map(({ tokenId, atMs, position, summary }) => ({
    atMs,
    position,
    summary,
    waitedMs: (admittedAtMs.get(tokenId) ?? 0) - atMs,
  }));
}
