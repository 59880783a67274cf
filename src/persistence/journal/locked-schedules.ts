import type { Log } from '../../runtime/log.ts';
import type { Lane } from './lane.ts';

/** The rows of a schedule's part that its statement changes. */
export interface PartRows {
  readonly scheduleId: number;
  readonly concertId: number;
  readonly reservationIds: readonly string[];
  /** Users whose queue tokens a payment may end. */
  readonly payers: readonly string[];
}

/**
 * Schedules with rows that other transactions have locked. They are looked for only where a statement has waited for a row in vain, so a
 * flush without locked rows costs nothing more. A schedule that was found locked is looked at before it goes with others again, so
 * that it holds them up once.
 */
export interface LockedSchedules {
  /** Whether the schedule was found locked, and not found free since. */
  isSuspect(scheduleId: number): boolean;
  /** Of these suspects, those that are still locked. */
  stillLocked(lane: Lane, parts: readonly PartRows[]): Promise<ReadonlySet<number>>;
  /** Of these parts, those with locked rows. Empty where the database does not say. */
  find(lane: Lane, parts: readonly PartRows[]): Promise<ReadonlySet<number>>;
}

/** Locks what is free, for the moment of the statement: only that shows what is not. */
const LOOK = `
WITH head AS MATERIALIZED (
  SELECT schedule_id FROM schedule_heads WHERE schedule_id = ANY($1::bigint[])
), free_head AS MATERIALIZED (
  SELECT h.schedule_id FROM schedule_heads h JOIN head USING (schedule_id) ORDER BY h.schedule_id
  FOR NO KEY UPDATE OF h SKIP LOCKED
), reservation AS MATERIALIZED (
  SELECT schedule_id, reservation_id FROM reservations WHERE reservation_id = ANY($2::uuid[])
), free_reservation AS MATERIALIZED (
  SELECT r.reservation_id FROM reservations r JOIN reservation USING (reservation_id) ORDER BY r.reservation_id
  FOR NO KEY UPDATE OF r SKIP LOCKED
), token AS MATERIALIZED (
  SELECT p.schedule_id, t.token_id FROM unnest($3::bigint[], $4::bigint[], $5::uuid[]) AS p (schedule_id, concert_id, user_id)
  JOIN queue_tokens t ON t.concert_id = p.concert_id AND t.user_id = p.user_id AND t.status IN ('WAITING', 'ACTIVE')
), free_token AS MATERIALIZED (
  SELECT t.token_id FROM queue_tokens t WHERE t.token_id IN (SELECT token_id FROM token) ORDER BY t.token_id
  FOR NO KEY UPDATE OF t SKIP LOCKED
)
SELECT schedule_id FROM head WHERE schedule_id NOT IN (SELECT schedule_id FROM free_head)
UNION SELECT schedule_id FROM reservation WHERE reservation_id NOT IN (SELECT reservation_id FROM free_reservation)
UNION SELECT schedule_id FROM token WHERE token_id NOT IN (SELECT token_id FROM free_token)`;

export function createLockedSchedules({ log }: { readonly log: Log }): LockedSchedules {
  const suspects = new Set<number>();

  async function look(lane: Lane, parts: readonly PartRows[]): Promise<ReadonlySet<number>> {
    const payers = parts.flatMap((part) => part.payers.map((userId) => ({ ...part, userId })));
    const result = await lane.run({
      name: 'look for locks',
      text: LOOK,
      values: [
        parts.map(({ scheduleId }) => scheduleId),
        parts.flatMap(({ reservationIds }) => reservationIds.slice()),
        payers.map(({ scheduleId }) => scheduleId),
        payers.map(({ concertId }) => concertId),
        payers.map(({ userId }) => userId),
      ],
    });
    if (result.type === 'done') return new Set(result.rows.map((row) => Number(row['schedule_id'])));
    log.warn({ err: result.error }, 'the database did not say which rows are locked');
    return new Set();
  }

  return {
    isSuspect: (scheduleId) => suspects.has(scheduleId),

    async stillLocked(lane, parts) {
      const locked = await look(lane, parts);
      for (const { scheduleId } of parts) if (!locked.has(scheduleId)) suspects.delete(scheduleId);
      return locked;
    },

    async find(lane, parts) {
      const locked = await look(lane, parts);
      for (const scheduleId of locked) suspects.add(scheduleId);
      if (locked.size > 0) log.warn({ scheduleIds: [...locked] }, 'rows of schedules are locked by other transactions');
      return locked;
    },
  };
}
