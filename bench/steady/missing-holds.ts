import type pg from 'pg';

/** A sentence for the acknowledged holds that are not live in the database; none when all are. */
export async function findMissingHolds(pool: pg.Pool, reservationIds: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ reservation_id: string }>(
    `SELECT id AS reservation_id FROM unnest($1::uuid[]) id
     WHERE NOT EXISTS (SELECT FROM reservations r WHERE r.reservation_id = id AND r.status = 'HELD')`,
    [reservationIds],
  );
  if (rows.length === 0) return [];
  return [`${rows.length} acknowledged holds are not stored as such, first ${rows[0]?.reservation_id}`];
}
