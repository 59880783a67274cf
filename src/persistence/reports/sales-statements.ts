import type { SalesGroup } from '../../domain/reports.ts';

/*
 * Each report is one statement, so it is of one snapshot. `$1` has the concerts, or null for all. Money paid is in payments and
 * their items; a seat that was given away costs nothing, whatever its price.
 */

const ITEM = `
  item AS (
    SELECT p.concert_id, p.schedule_id, r.seat_number, p.paid_at, p.refunded_at, CASE p.amount WHEN 0 THEN 0 ELSE r.price END AS price
    FROM payments p JOIN payment_items i USING (payment_id) JOIN reservations r ON r.reservation_id = i.reservation_id
    WHERE $1::bigint[] IS NULL OR p.concert_id = ANY ($1))`;

const FIGURES = `
  count(item.price)::int AS seats_sold, count(item.refunded_at)::int AS seats_refunded,
  coalesce(sum(item.price), 0)::bigint AS revenue,
  coalesce(sum(item.price) FILTER (WHERE item.refunded_at IS NOT NULL), 0)::bigint AS refunds`;

const OF_THESE_CONCERTS = '($1::bigint[] IS NULL OR c.concert_id = ANY ($1))';

/** The seats of each section of each version of a plan, as a range of numbers: seats are numbered in the order of the plan. */
const SECTIONS = `
  counted AS (
    SELECT v.plan_id, v.version, s.section->>'name' AS name, s.place,
      (SELECT sum(jsonb_array_length(r.value->'seats')) FROM jsonb_array_elements(s.section->'rows') r)::int AS seats
    FROM seat_plan_versions v, jsonb_array_elements(v.plan->'sections') WITH ORDINALITY AS s (section, place)),
  section AS (
    SELECT plan_id, version, name, seats, sum(seats) OVER sections AS last_seat, sum(seats) OVER sections - seats + 1 AS first_seat
    FROM counted WINDOW sections AS (PARTITION BY plan_id, version ORDER BY place)),
  part AS (
    SELECT s.schedule_id, s.concert_id, section.name, coalesce(section.seats, s.total_seats) AS seats,
      coalesce(section.first_seat, 1) AS first_seat, coalesce(section.last_seat, s.total_seats) AS last_seat
    FROM schedules s LEFT JOIN section ON section.plan_id = s.plan_id AND section.version = s.plan_version),
  sold AS (
    SELECT part.concert_id, part.name, ${FIGURES}
    FROM part JOIN item ON item.schedule_id = part.schedule_id AND item.seat_number BETWEEN part.first_seat AND part.last_seat
    GROUP BY part.concert_id, part.name)`;

/** Every zone's offset from UTC is a multiple of this, so an hour of any zone is a sum of such parts. */
const partOfHour = (time: string): string => `date_bin('15 minutes', ${time}, 'epoch')`;

export const SALES: Readonly<Record<SalesGroup, string>> = {
  concert: `
    WITH ${ITEM}, sold AS (SELECT concert_id, ${FIGURES} FROM item GROUP BY concert_id)
    SELECT c.concert_id, c.title, sold.*,
      (SELECT coalesce(sum(total_seats), 0) FROM schedules s WHERE s.concert_id = c.concert_id)::int AS capacity
    FROM concerts c LEFT JOIN sold ON sold.concert_id = c.concert_id WHERE ${OF_THESE_CONCERTS} ORDER BY c.concert_id`,
  date: `
    WITH ${ITEM}, sold AS (SELECT schedule_id, ${FIGURES} FROM item GROUP BY schedule_id)
    SELECT sold.*, c.concert_id, c.title, c.time_zone, s.schedule_id, s.starts_at, s.total_seats AS capacity
    FROM schedules s JOIN concerts c USING (concert_id) LEFT JOIN sold ON sold.schedule_id = s.schedule_id
    WHERE ${OF_THESE_CONCERTS} ORDER BY s.starts_at, s.schedule_id`,
  section: `
    WITH ${ITEM}, ${SECTIONS}
    SELECT c.concert_id, c.title, part.name AS section, sum(part.seats)::int AS capacity,
      min(sold.seats_sold) AS seats_sold, min(sold.seats_refunded) AS seats_refunded, min(sold.revenue) AS revenue,
      min(sold.refunds) AS refunds
    FROM concerts c JOIN part USING (concert_id)
      LEFT JOIN sold ON sold.concert_id = c.concert_id AND sold.name IS NOT DISTINCT FROM part.name
    WHERE ${OF_THESE_CONCERTS} GROUP BY c.concert_id, c.title, part.name ORDER BY c.concert_id, part.name NULLS LAST`,
  hour: `
    WITH ${ITEM}, change AS (
      SELECT concert_id, ${partOfHour('paid_at')} AS at, 1 AS sold, 0 AS refunded, price AS paid, 0 AS returned FROM item
      UNION ALL
      SELECT concert_id, ${partOfHour('refunded_at')}, 0, 1, 0, price FROM item WHERE refunded_at IS NOT NULL)
    SELECT c.time_zone, change.at, sum(sold)::int AS seats_sold, sum(refunded)::int AS seats_refunded, sum(paid)::bigint AS revenue,
      sum(returned)::bigint AS refunds
    FROM change JOIN concerts c USING (concert_id) GROUP BY c.time_zone, change.at ORDER BY change.at, c.time_zone`,
};
