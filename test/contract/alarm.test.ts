import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { enter, openSale, startTestService } from '../fixtures/service.ts';
import { waitFor } from '../fixtures/wait-for.ts';

t.test(
  'with the owner’s timer off, the durable alarm alone frees a seat within ten seconds, and the figures say so',
  async (t) => {
    const database = await createTestDatabase(t);
    const api = await startTestService(t, database, { HOLD_TTL_MS: '1000' }, { isExpiryTimerOn: false });
    const { concertId, scheduleId } = await openSale(api);
    const { queueToken: token } = await enter(api, concertId);
    const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
    t.equal(held.status, 201);
    // Read from the table: a look at the map would end the hold by demand.
    const ended = await waitFor(
      async () => {
        const { rows } = await database.pool.query<{ ended_at: Date; expires_at: Date }>(
          `SELECT ended_at, expires_at FROM reservations WHERE status = 'EXPIRED'`,
        );
        return rows[0];
      },
      { deadlineMs: 11_000, what: 'the alarm to free the seat' },
    );
    t.ok(ended.ended_at >= ended.expires_at, 'never early');
    const figures = await (await fetch(`${api.url}/metrics`)).text();
    t.match(figures, 'frontrow_hold_ends_total{cause="alarm"} 1');
    t.match(figures, 'frontrow_hold_ends_total{cause="timer"} 0');
  },
);
