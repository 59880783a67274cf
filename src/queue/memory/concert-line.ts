/**
 * One concert's line and those inside, in memory: what the scripts of redis/ do, in TypeScript. Decides whom to admit and what
 * is due; records nothing. Instants are whole epoch milliseconds of the database's clock and arrive as arguments.
 *
 * QLINE-1. A proposal counts against cap and window from when it is made until it is shown or withdrawn, and is not visible.
 * QLINE-2. One round of proposals is out at a time. Proposals are made in order of entry.
 * QLINE-3. No instant of admission is before an earlier one, the issue of a token, or the end that freed the slot.
 * QLINE-4. A due item that was handed out is handed out again a second later unless it was done; an idle shopper, who may be kept
 *     for a hold, after `IDLE_LOOK_AGAIN_MS`.
 */
import type { AdmittedToken, QueueTokenRow } from '../../domain/queue-token.ts';
import type { Admission, DueItem, LineSummary, QueueTerms, RecordedEnd, Standing } from '../line-store.ts';
import { admissionRoom, windowOpensAtMs } from '../policy.ts';
import type { Allowances } from '../presence-settings.ts';
import { createTurnoverLog } from '../turnover.ts';
import { createAttendance, HANDED_OUT_AGAIN_MS, type Occupant } from './attendance.ts';
import { createAdmissionLog } from './admission-log.ts';
import { createLine } from './line.ts';

/** How long a row that was read before its token's end cannot bring the token back. */
const GONE_REMEMBERED_MS = 60_000;
/** An admission that is being recorded must not be forgotten when the policy changes meanwhile. */
const ADMISSIONS_REMEMBERED_MS = 300_000;

export interface ConcertLine {
  generation: number;
  readonly size: number;
  summarise(nowMs: number): LineSummary;
  tokenOfUser(userId: string): string | null;
  /** By rank from 0, the last one included. */
  range(where: 'waiting' | 'inside', first: number, last: number): readonly string[];
  /** Null for a token that is not there. `isSign`: of its holder's life. */
  look(tokenId: string, isSign: boolean, nowMs: number): Standing | null;
  readonly closesAtMs: number;
  /** Returns those who went in with this call. */
  put(rows: readonly QueueTokenRow[], nowMs: number): readonly string[];
  propose(lowerMs: number, upperMs: number, limit: number): readonly Admission[];
  /** Returns those who went in with this call. */
  show(admissions: readonly Admission[], nowMs: number): readonly string[];
  withdraw(proposals: readonly AdmittedToken[]): void;
  remove(ends: readonly RecordedEnd[], nowMs: number): void;
  sweep(limit: number, nowMs: number): readonly DueItem[];
  beat(isAfresh: boolean, nowMs: number): void;
  suspend(): void;
  adopt(terms: QueueTerms, admissions: readonly AdmittedToken[]): void;
}

export function createConcertLine(settings: {
  readonly generation: number;
  readonly terms: QueueTerms;
  readonly isSuspended: boolean;
  readonly admissions: readonly AdmittedToken[];
  readonly allowances: Allowances;
  readonly nowMs: number;
}): ConcertLine {
  const line = createLine<Occupant>();
  const occupants = new Map<string, Occupant>();
  const byUser = new Map<string, Occupant>();
  const inside = new Set<Occupant>();
  /** Admissions that are being recorded, by when they are handed out as not completed. */
  const proposed = new Map<string, number>();
  /** Tokens that ended of late, by when. */
  const gone = new Map<string, number>();
  const log = createAdmissionLog();
  const attendance = createAttendance(settings.allowances, settings.nowMs);
  const turnover = createTurnoverLog(settings.nowMs);
  let { generation, isSuspended } = settings;
  let { policy } = settings.terms;
  let closesAtMs = Math.floor(settings.terms.bookingClosesAtMs);
  let latestMs = 0;
  let closerUntilMs = 0;

  for (const admission of settings.admissions) {
    log.add(admission);
    noteInstant(admission.activatedAtMs);
  }

  function noteInstant(ms: number): void {
    latestMs = Math.max(latestMs, ms);
  }

  function goInside(occupant: Occupant, activatedAtMs: number, activeUntilMs: number, nowMs: number): void {
    Object.assign(occupant, { status: 'ACTIVE', activatedAtMs, activeUntilMs });
    occupant.lookAtMs = activeUntilMs;
    turnover.advance(inside.size, nowMs);
    inside.add(occupant);
    attendance.noteInside(occupant, nowMs);
    log.add({ tokenId: occupant.tokenId, activatedAtMs });
  }

  /** False when the token does not wait here. */
  function admit({ tokenId, activatedAtMs, activeUntilMs }: Admission, nowMs: number): boolean {
    proposed.delete(tokenId);
    const occupant = occupants.get(tokenId);
    if (occupant?.status !== 'WAITING') return false;
    line.leave(occupant.no);
    goInside(occupant, activatedAtMs, activeUntilMs, nowMs);
    return true;
  }

  /** True when the row changed anything. */
  function takeIn(row: QueueTokenRow, nowMs: number): boolean {
    const { tokenId, userId, no, issuedAtMs, activatedAtMs, activeUntilMs } = row;
    // It ended after the row was read.
    if (gone.has(tokenId)) return false;
    const known = occupants.get(tokenId);
    const isAdmitted = activatedAtMs !== null && activeUntilMs !== null;
    if (known !== undefined && (known.status === 'ACTIVE' || !isAdmitted)) return false;
    if (isAdmitted) noteInstant(activatedAtMs);
    if (known !== undefined) return isAdmitted && admit({ tokenId, activatedAtMs, activeUntilMs }, nowMs);
    const occupant: Occupant = {
      tokenId,
      userId,
      no,
      status: 'WAITING',
      activatedAtMs: null,
      activeUntilMs: null,
      lookAtMs: 0,
    };
    occupants.set(tokenId, occupant);
    byUser.set(userId, occupant);
    noteInstant(issuedAtMs);
    if (isAdmitted) {
      goInside(occupant, activatedAtMs, activeUntilMs, nowMs);
    } else {
      line.join(no, occupant);
      attendance.noteWaiting(occupant, nowMs);
    }
    return true;
  }

  function nextWakeMs(nowMs: number): number | null {
    let wakeMs = attendance.nextMs();
    for (const dueMs of proposed.values()) wakeMs = Math.min(wakeMs, dueMs);
    if (line.size > 0 && nowMs >= closesAtMs) {
      wakeMs = Math.min(wakeMs, Math.max(closesAtMs, closerUntilMs));
    } else if (line.size > 0) {
      wakeMs = Math.min(wakeMs, closesAtMs);
      if (!isSuspended && proposed.size === 0 && inside.size < policy.maxActive)
        wakeMs = Math.min(wakeMs, Math.max(0, windowOpensAtMs(policy, log) ?? Infinity));
    }
    return Number.isFinite(wakeMs) ? wakeMs : null;
  }

  function takeClosed(nowMs: number, limit: number): DueItem[] {
    const due: DueItem[] = [];
    closerUntilMs = nowMs + HANDED_OUT_AGAIN_MS;
    for (let rank = 1; rank <= Math.min(line.size, limit); rank += 1) {
      const occupant = line.at(rank);
      if (occupant !== undefined) due.push({ why: 'closed', tokenId: occupant.tokenId, atMs: closesAtMs });
    }
    return due;
  }

  function takeProposed(nowMs: number): DueItem[] {
    const due: DueItem[] = [];
    for (const [tokenId, dueMs] of proposed) {
      const atMs = log.instantOf(tokenId);
      if (dueMs > nowMs || atMs === null) continue;
      proposed.set(tokenId, nowMs + HANDED_OUT_AGAIN_MS);
      due.push({ why: 'proposed', tokenId, atMs });
    }
    return due;
  }

  return {
    get generation() {
      return generation;
    },
    set generation(next) {
      generation = next;
    },
    get closesAtMs() {
      return closesAtMs;
    },
    get size() {
      return occupants.size;
    },

    summarise: (nowMs) => ({
      ...policy,
      generation,
      waiting: line.size,
      active: inside.size,
      closesAtMs,
      isSuspended,
      latestMs,
      pending: proposed.size,
      ...turnover.read(inside.size, nowMs),
      // Entries are put here in the order in which they are recorded.
      gap: null,
      wakeMs: nextWakeMs(nowMs),
    }),

    tokenOfUser: (userId) => byUser.get(userId)?.tokenId ?? null,

    range(where, first, last) {
      const found: string[] = [];
      if (where === 'waiting') {
        for (let rank = first + 1; rank <= Math.min(last + 1, line.size); rank += 1)
          found.push(line.at(rank)?.tokenId ?? '');
        return found;
      }
      for (const { tokenId } of inside
        .values()
        .drop(first)
        .take(last - first + 1))
        found.push(tokenId);
      return found;
    },

    look(tokenId, isSign, nowMs) {
      const occupant = occupants.get(tokenId);
      if (occupant === undefined || occupant.status === 'GONE') return null;
      const { status, activatedAtMs, activeUntilMs } = occupant;
      if (isSign) attendance.noteSign(occupant, nowMs);
      const position = status === 'WAITING' ? line.rankOf(occupant.no) : 0;
      return { status, activatedAtMs, activeUntilMs, position };
    },

    put(rows, nowMs) {
      const admitted = rows.filter((row) => takeIn(row, nowMs) && row.activatedAtMs !== null);
      return admitted.map(({ tokenId }) => tokenId);
    },

    propose(lowerMs, upperMs, limit) {
      if (proposed.size > 0 || isSuspended || lowerMs >= closesAtMs) return [];
      const count = Math.min(line.size, admissionRoom(policy, log, inside.size, lowerMs), limit);
      const activatedAtMs = Math.max(upperMs, latestMs);
      const admissions: Admission[] = [];
      for (let rank = 1; rank <= count; rank += 1) {
        const tokenId = line.at(rank)?.tokenId ?? '';
        proposed.set(tokenId, lowerMs + HANDED_OUT_AGAIN_MS);
        log.add({ tokenId, activatedAtMs });
        admissions.push({ tokenId, activatedAtMs, activeUntilMs: activatedAtMs + policy.activeTtlMs });
      }
      if (admissions.length > 0) noteInstant(activatedAtMs);
      return admissions;
    },

    show: (admissions, nowMs) =>
      admissions.filter((admission) => admit(admission, nowMs)).map(({ tokenId }) => tokenId),

    withdraw(proposals) {
      for (const proposal of proposals) {
        proposed.delete(proposal.tokenId);
        log.withdraw(proposal);
      }
    },

    remove(ended, nowMs) {
      for (const { tokenId, endedAtMs } of ended) {
        gone.set(tokenId, nowMs);
        const occupant = occupants.get(tokenId);
        if (occupant === undefined) continue;
        if (occupant.status === 'WAITING') line.leave(occupant.no);
        turnover.advance(inside.size, nowMs);
        if (inside.delete(occupant)) turnover.noteDeparture();
        proposed.delete(tokenId);
        occupants.delete(tokenId);
        if (byUser.get(occupant.userId) === occupant) byUser.delete(occupant.userId);
        attendance.forget(occupant);
        occupant.status = 'GONE';
        noteInstant(Math.ceil(endedAtMs));
      }
    },

    sweep(limit, nowMs) {
      const isClosed = nowMs >= closesAtMs && line.size > 0;
      return [
        ...attendance.takeOver(nowMs, limit),
        ...(isClosed ? takeClosed(nowMs, limit) : attendance.takeSilent(nowMs, limit, 'waiting')),
        ...attendance.takeSilent(nowMs, limit, 'inside'),
        ...takeProposed(nowMs),
      ];
    },

    beat(isAfresh, nowMs) {
      if (isAfresh) attendance.startAfresh(nowMs);
      for (const [tokenId, goneAtMs] of gone) {
        if (goneAtMs > nowMs - GONE_REMEMBERED_MS) break;
        gone.delete(tokenId);
      }
      log.forget(policy.batch, nowMs - Math.max(ADMISSIONS_REMEMBERED_MS, policy.intervalMs));
    },

    suspend() {
      isSuspended = true;
    },

    adopt(terms, admissions) {
      policy = terms.policy;
      closesAtMs = Math.floor(terms.bookingClosesAtMs);
      isSuspended = false;
      for (const admission of admissions) log.add(admission);
    },
  };
}
