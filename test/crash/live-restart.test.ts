import t from 'tap';
import { runAudit } from '../../src/persistence/audit/audit.ts';
import { createApiClient } from '../fixtures/api-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { openSale, testEnvironment } from '../fixtures/service.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { judgeFrames, readSeatHistory, readSeatsNow } from '../simulation/live-history.ts';
import { createLiveShoppers } from '../simulation/live-shoppers.ts';
import { createLiveWatcher } from '../simulation/live-watcher.ts';
import { createRandom } from '../simulation/random.ts';

/** As many as a test can have; two thousand are `npm run bench -- live-restarts`. */
const WATCHERS = 200;
const SEATS = 100;
const DIAL_AGAIN_WITHIN_MS = 1_000;
/** Promised for ten times as many. */
const BACK_LIMIT_MS = 10_000;
const RESTART = 1012;

t.test('after a stop and after a kill everybody is back with what was missed, and nothing else', async (t) => {
  const database = await createTestDatabase(t);
  const port = await freePort();
  const environment = testEnvironment(database, { LIVE_SOCKETS_PER_USER: '0', MAX_SEATS_PER_USER: '50' });
  let service = await startServiceProcess(t, port, environment);
  const api = createApiClient(service.url, environment.ADMIN_TOKEN);
  const { concertId, scheduleId } = await openSale(api, { seatCount: SEATS });
  const random = createRandom(1);
  const shoppers = await createLiveShoppers(
    api,
    { concertId, scheduleId, seatCount: SEATS },
    { count: 5, random: createRandom(2) },
  );
  const watchers = Array.from({ length: WATCHERS }, (_, index) =>
    createLiveWatcher({
      url: service.url,
      token: random.pick(shoppers.tokens),
      scheduleId,
      random: createRandom(index),
      dialAgainWithinMs: DIAL_AGAIN_WITHIN_MS,
    }),
  );
  t.teardown(() => {
    for (const watcher of watchers) watcher.close();
  });
  await Promise.all(watchers.map((watcher) => watcher.open()));

  for (const [round, ending] of (['stop', 'kill'] as const).entries()) {
    await shoppers.burst(60);
    await service[ending]();
    service = await startServiceProcess(t, port, environment);
    await waitFor(() => watchers.every(({ resumed }) => resumed.deltas + resumed.snapshots === round + 1), {
      deadlineMs: BACK_LIMIT_MS,
      what: `everybody to be back after a ${ending}`,
    });
    await shoppers.burst(20);
    const now = await readSeatsNow(database, scheduleId, SEATS);
    await waitFor(() => watchers.every(({ seq }) => seq === now.seq), { what: 'everybody to hear of what came after' });
    t.ok(
      watchers.every(({ map }) => map.join() === now.map.join()),
      `after a ${ending} every map is the database’s`,
    );
  }
  t.equal(await service.stop(), 0);

  t.ok(
    watchers.every(({ resumed }) => resumed.deltas === 2),
    'everybody was told what was missed, nobody the whole map',
  );
  t.ok(
    watchers.every(({ closings }) => closings[0] === RESTART),
    'a stop says goodbye',
  );
  const history = await readSeatHistory(database, scheduleId);
  t.strictSame(
    watchers.flatMap(({ faults, frames }) => [
      ...faults,
      ...judgeFrames(frames, history, shoppers.commands, { mayNameMore: true }),
    ]),
    [],
  );
  t.strictSame((await runAudit(database.pool)).violations, []);
});
