import t from 'tap';
import { createFrontrow } from '../../bench/contestants/frontrow.ts';
import { mapPathsOf } from '../../bench/load/holds-load.ts';
import { createLoadProcess } from '../../bench/load/load-process.ts';
import { createTestDatabase } from '../fixtures/database.ts';

/** More than the 1 024 sockets that are read between two looks at the timers, if all of them are ready. */
const CONNECTIONS = 2_500;
/** Longer than the lease under which seats are shown, so that it has to be renewed in the middle of it. */
const FLOOD_MS = 5_000;

t.test('a node that thousands ask at once goes on renewing its lease', async (t) => {
  const database = await createTestDatabase(t);
  const frontrow = createFrontrow({ databaseUrl: database.url, seatsPerSecond: 0, users: 4 });
  t.teardown(() => frontrow.close());
  await frontrow.createDatabase();
  const server = await frontrow.start();
  t.teardown(() => server.stop());
  const load = createLoadProcess();
  t.teardown(() => load.close());
  const { answers, codes, unanswered } = await load.run({
    port: server.port,
    connections: CONNECTIONS,
    durationMs: FLOOD_MS,
    tokens: frontrow.shoppers().map(({ token }) => token),
    seed: 1,
    work: { type: 'reads', paths: mapPathsOf(await frontrow.addSchedules(1, 50)), repeat: true },
  });
  // Callers that a slow machine keeps waiting for more than a second are told so; a lost lease would be OWNER_UNAVAILABLE.
  const others = Object.keys(codes).filter((code) => code !== 'OVERLOADED');
  t.same(others, [], 'the node goes on owning what it shows');
  t.ok((codes['OVERLOADED'] ?? 0) < (answers['200'] ?? 0), 'most callers are served');
  t.equal(unanswered, 0, 'nobody is left without an answer');
  t.ok((answers['200'] ?? 0) > CONNECTIONS, `${answers['200']} maps were shown`);
});
