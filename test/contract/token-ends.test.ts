import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { addSchedule, enter, openSale, startTestService } from '../fixtures/service.ts';

const ROUNDS = 12;

const database = await createTestDatabase(t);
const api = await startTestService(t, database);

const heldBy = async (userId: string) =>
  (
    await database.pool.query(`SELECT reservation_id FROM reservations WHERE user_id = $1 AND status = 'HELD'`, [
      userId,
    ])
  ).rows;

t.test('no hold outlives a token whose holder leaves while holds are under way', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const other = await addSchedule(api, concertId);
  for (let round = 0; round < ROUNDS; round += 1) {
    const { queueToken: token, userId } = await enter(api, concertId);
    const hold = (schedule: number, seatNumber: number) =>
      api.call('POST', '/reservations', { token, body: { scheduleId: schedule, seatNumber } });
    const requests = [
      hold(scheduleId, 1),
      hold(other, 1),
      api.call('DELETE', `/queue/tokens/${token}`),
      hold(scheduleId, 2),
      hold(other, 2),
    ];
    const answers = await Promise.all(requests);
    t.equal(answers[2]?.status, 204);
    t.same(await heldBy(userId), [], `round ${round}`);
    t.match((await hold(scheduleId, 3)).body, { code: 'QUEUE_TOKEN_CANCELLED' });
  }
});

t.test('leaving again releases holds that an ended token has left on any date', async (t) => {
  const { concertId, scheduleId } = await openSale(api);
  const { queueToken: token, userId } = await enter(api, concertId);
  const held = await api.call('POST', '/reservations', { token, body: { scheduleId, seatNumber: 1 } });
  t.equal(held.status, 201);
  // As a call leaves it that ended the token and then failed: the hold is even younger than the end.
  await database.pool.query(
    `UPDATE queue_tokens SET status = 'CANCELLED', ended_at = activated_at WHERE user_id = $1`,
    [userId],
  );
  t.equal((await api.call('DELETE', `/queue/tokens/${token}`)).status, 204);
  t.equal((await api.call('DELETE', `/queue/tokens/${token}`)).status, 204);
  t.same(await heldBy(userId), []);
});
