import t from 'tap';
import { faultsOfPlan } from '../../../src/booking/seat-plans/check-seat-plan.ts';
import { numberSeats, SEAT_ATTRIBUTES } from '../../../src/domain/seat-plan.ts';
import { runAudit } from '../../../src/persistence/audit/audit.ts';
import { createCatalogue } from '../../../src/persistence/records/catalogue.ts';
import { loadDemoData } from '../../../src/persistence/records/demo-data.ts';
import { createSeatPlans } from '../../../src/persistence/records/seat-plans.ts';
import { createTestDatabase } from '../../fixtures/database.ts';

t.test('all demonstration concerts but one can be booked at once, on dates that are still to come', async (t) => {
  const { pool } = await createTestDatabase(t);
  const created = await loadDemoData(pool);
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const nowMs = rows[0]?.now.getTime() ?? 0;
  const { items } = await createCatalogue({ pool }).listBookable(nowMs, { limit: 100, after: null });
  const bookable = items.toReversed();
  const concerts = created.map(({ concert }) => concert);
  t.same(
    bookable,
    concerts.filter(({ bookingOpensAtMs }) => bookingOpensAtMs <= nowMs),
  );
  t.ok(bookable.length >= 3);
  t.equal(concerts.length, bookable.length + 1, 'one shows how a sale to come looks');
  t.ok(
    bookable.some((concert) => /[가-힣]/.test(concert.title)) &&
      bookable.some((concert) => /^[ -~]+$/.test(concert.title)),
  );
  for (const { concert, schedules } of created) {
    t.ok(schedules.length >= 2 && schedules.length <= 4);
    for (const schedule of schedules) {
      const seats = schedule.plan === null ? 50 : 500;
      t.match(schedule, { totalSeats: seats, availableSeats: seats });
      t.ok(schedule.startsAtMs > concert.bookingClosesAtMs);
    }
  }
  const prices = await pool.query(
    'SELECT price FROM seats WHERE schedule_id = $1 AND seat_number IN (1, 10, 11, 30, 31, 50) ORDER BY seat_number',
    [created[0]?.schedules[0]?.scheduleId],
  );
  t.same(
    prices.rows.map((row) => row.price),
    [165_000, 165_000, 132_000, 132_000, 99_000, 99_000],
  );
  t.same((await runAudit(pool)).violations, []);
});

t.test('the demonstration concerts are created once, however many nodes start at once and again', async (t) => {
  const { pool } = await createTestDatabase(t);
  const loads = await Promise.all(Array.from({ length: 5 }, () => loadDemoData(pool)));
  t.equal(loads.filter((created) => created.length > 0).length, 1);
  t.same(await loadDemoData(pool), []);
  const concerts = await createCatalogue({ pool }).listConcerts();
  t.equal(concerts.length, loads.flat().length);
});

t.test('one concert is in a hall with sections, an aisle and wheelchair spaces', async (t) => {
  const { pool } = await createTestDatabase(t);
  const created = await loadDemoData(pool);
  const plans = created.flatMap(({ schedules }) => schedules.flatMap(({ plan }) => plan ?? []));
  t.equal(plans.length, 2);
  const [key] = plans;
  const plan = key === undefined ? null : await createSeatPlans({ pool }).findVersion(key);
  t.equal(plan?.sections.length, 3);
  t.same(plan === null ? null : faultsOfPlan(plan), []);
  const seats = plan === null ? [] : numberSeats(plan).map(({ seat }) => seat);
  for (const attribute of SEAT_ATTRIBUTES)
    t.ok(
      seats.some(({ attributes }) => attributes.includes(attribute)),
      attribute,
    );
});

t.test('a database that has the first concerts gets the one in the drawn hall alone', async (t) => {
  const { pool } = await createTestDatabase(t);
  await pool.query("INSERT INTO loaded_data (name) VALUES ('demo-concerts-1')");
  t.equal((await loadDemoData(pool)).length, 1);
});

t.test('a load that fails leaves nothing behind and is made good by the next', async (t) => {
  const { pool } = await createTestDatabase(t);
  await pool.query('ALTER TABLE seats ADD CONSTRAINT fault CHECK (seat_number < 50)');
  await t.rejects(loadDemoData(pool));
  const catalogue = createCatalogue({ pool });
  t.same(await catalogue.listConcerts(), []);
  await pool.query('ALTER TABLE seats DROP CONSTRAINT fault');
  t.ok((await loadDemoData(pool)).length > 0);
});
