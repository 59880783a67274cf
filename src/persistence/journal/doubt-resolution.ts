import type pg from 'pg';
import { type Clock, pause } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Settlement, SettlementResult } from '../../actors/journal-port.ts';
import { type CompletedTokenRow, completedTokenOf, DATES_AHEAD, ENDED_MS } from './settlement-statement.ts';
import { type Backend, terminateBackend } from './backend.ts';
import { sendStatement } from './statement.ts';

/*
 * Finds out whether a statement without an answer was committed.
 *
 * DOUBT-1. It raises the epoch, only under this owner and the batch's own epoch. That update waits for the row lock of the
 *     doubtful statement, so the head row is final afterwards: the batch was committed if and only if the head has advanced.
 * DOUBT-2. It never raises and reads the log in one statement: the snapshot would be older than the wait.
 * DOUBT-3. If nothing was raised, another node has taken the schedule. A second statement then looks for the batch id in the log.
 * DOUBT-4. The batch is never sent again.
 * DOUBT-5. It first ends the backend of the lost connection; DOUBT-1 would otherwise wait while that keeps its locks.
 */

const RETRY_PAUSE_MS = 100;

const RAISE = `
UPDATE schedule_heads h SET epoch = h.epoch + 1
FROM (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS mine (schedule_id, epoch) ORDER BY schedule_id) AS mine
WHERE h.schedule_id = mine.schedule_id AND h.owner = $3 AND h.epoch = mine.epoch
RETURNING h.schedule_id, h.epoch, h.seq`;

const FIND_LOGGED = `
SELECT l.schedule_id FROM seat_log l
JOIN unnest($1::bigint[], $2::bigint[], $3::uuid[]) AS mine (schedule_id, first_seq, batch_id) USING (schedule_id, first_seq, batch_id)
WHERE l.batch_id = ANY($3::uuid[])`;

const READ_SETTLED = `
SELECT asked.payment_id, done.first_seq, done.balance, completed.token_id AS completed_token, completed.ended_ms,
  CASE WHEN completed.token_id IS NOT NULL THEN ${DATES_AHEAD('done.concert_id')} END AS dates_ahead
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS asked (payment_id, kind, user_id)
LEFT JOIN LATERAL (
  SELECT min(r.seq) AS first_seq, e.balance_after AS balance,
    min(r.concert_id) AS concert_id
  FROM wallet_entries e
  JOIN payment_items i ON i.payment_id = e.payment_id
  JOIN reservations r ON r.reservation_id = i.reservation_id
  WHERE e.user_id = asked.user_id AND e.payment_id = asked.payment_id AND e.type = asked.kind
  GROUP BY e.balance_after
) done ON true
LEFT JOIN LATERAL (
  SELECT t.token_id, ${ENDED_MS('t')} AS ended_ms FROM queue_tokens t
  WHERE t.concert_id = done.concert_id AND t.user_id = asked.user_id AND t.status = 'COMPLETED'
  ORDER BY t.ended_at DESC LIMIT 1
) completed ON true`;

interface SettledRow extends CompletedTokenRow {
  readonly payment_id: string;
  readonly first_seq: number | null;
  readonly balance: number | null;
}

function resultOf(row: SettledRow): SettlementResult {
  const { payment_id: paymentId, first_seq: firstSeq, balance } = row;
  if (firstSeq === null || balance === null) return { paymentId, fate: 'untried' };
  return { paymentId, fate: 'done', firstSeq, balance, completedToken: completedTokenOf(row) };
}

/** A schedule's part of a doubtful statement. */
export interface DoubtfulPart {
  readonly scheduleId: number;
  readonly epoch: number;
  /** The sequence number of its first event, if it was committed. */
  readonly firstSeq: number;
  readonly batchId: string;
}

export interface PartFate {
  readonly isCommitted: boolean;
  readonly isOwner: boolean;
  /** The epoch under which an owner continues. */
  readonly epoch: number;
}

export interface DoubtResolution {
  /**
   * The fate of each part, by schedule. Asks until the database answers; null after `close`. `owner` is this node's name when the
   * statement was sent; it may have joined again since. `backend` had the statement.
   */
  resolve(
    parts: readonly DoubtfulPart[],
    owner: string,
    backend: Backend | null,
  ): Promise<ReadonlyMap<number, PartFate> | null>;
  /** DOUBT-5 for a statement whose outcome does not matter, because its backend may keep locks. Never rejects. */
  dismiss(backend: Backend | null): Promise<void>;
  /**
   * The results of a committed statement's settlements, by payment. Asks until the database answers; null after `close`. The
   * reason of a settlement that was not done is not recorded, so it counts as untried and its wallet decides again.
   */
  readSettlements(
    settlements: readonly Pick<Settlement, 'paymentId' | 'kind' | 'userId'>[],
  ): Promise<ReadonlyMap<string, SettlementResult> | null>;
  close(): void;
}

interface DoubtResolutionDependencies {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly log: Log;
}

/** Resolves doubts on its own connections. */
export function createDoubtResolution({ pool, clock, log }: DoubtResolutionDependencies): DoubtResolution {
  let isClosed = false;

  async function untilAnswered<T>(ask: () => Promise<T>): Promise<T | null> {
    while (!isClosed) {
      try {
        return await ask();
      } catch (error) {
        log.debug({ err: error }, 'the database cannot tell yet whether a statement was committed');
        await pause(clock, RETRY_PAUSE_MS);
      }
    }
    return null;
  }

  async function raise(parts: readonly DoubtfulPart[], owner: string, fates: Map<number, PartFate>): Promise<void> {
    const open = parts.filter((part) => !fates.has(part.scheduleId));
    const rows = await sendStatement<{ schedule_id: number; epoch: number; seq: number }>(pool, {
      text: RAISE,
      values: [open.map((part) => part.scheduleId), open.map((part) => part.epoch), owner],
    });
    for (const part of open) {
      const row = rows.find((candidate) => candidate.schedule_id === part.scheduleId);
      if (row === undefined) continue;
      fates.set(part.scheduleId, { isCommitted: row.seq >= part.firstSeq, isOwner: true, epoch: row.epoch });
    }
  }

  async function lookInLog(parts: readonly DoubtfulPart[], fates: Map<number, PartFate>): Promise<void> {
    const open = parts.filter((part) => !fates.has(part.scheduleId));
    if (open.length === 0) return;
    const rows = await sendStatement<{ schedule_id: number }>(pool, {
      text: FIND_LOGGED,
      values: [
        open.map((part) => part.scheduleId),
        open.map((part) => part.firstSeq),
        open.map((part) => part.batchId),
      ],
    });
    const logged = new Set(rows.map((row) => row.schedule_id));
    for (const part of open) {
      fates.set(part.scheduleId, { isCommitted: logged.has(part.scheduleId), isOwner: false, epoch: part.epoch });
    }
  }

  return {
    async resolve(parts, owner, backend) {
      const fates = new Map<number, PartFate>();
      const done = await untilAnswered(async () => {
        if (backend !== null) await terminateBackend(pool, log, backend);
        await raise(parts, owner, fates);
        await lookInLog(parts, fates);
        return true;
      });
      return done === null ? null : fates;
    },
    readSettlements: (settlements) =>
      untilAnswered(async () => {
        const rows = await sendStatement<SettledRow>(pool, {
          text: READ_SETTLED,
          values: [
            settlements.map(({ paymentId }) => paymentId),
            settlements.map(({ kind }) => kind),
            settlements.map(({ userId }) => userId),
          ],
        });
        return new Map(rows.map((row) => [row.payment_id, resultOf(row)]));
      }),
    async dismiss(backend) {
      if (backend !== null) await untilAnswered(() => terminateBackend(pool, log, backend));
    },
    close() {
      isClosed = true;
    },
  };
}
