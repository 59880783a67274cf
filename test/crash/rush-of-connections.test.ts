import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { testEnvironment } from '../fixtures/service.ts';
import { startServiceProcess } from '../fixtures/service-process.ts';
import { waitFor } from '../fixtures/wait-for.ts';

/** More than Node has the system keep, 511, and no more than the system is willing to. */
const SYSTEM_LIMIT = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
const CONNECTIONS = Math.min(2_000, SYSTEM_LIMIT);

t.test('thousands who connect in the same moment are all kept until they are accepted', async (t) => {
  const database = await createTestDatabase(t);
  const port = await freePort();
  const service = await startServiceProcess(t, port, testEnvironment(database));
  t.ok(CONNECTIONS > 512, `the system keeps ${SYSTEM_LIMIT}`);
  process.kill(service.pid, 'SIGSTOP');
  let connected = 0;
  const sockets = Array.from({ length: CONNECTIONS }, (): Socket => {
    const socket = connect(port, '127.0.0.1', () => (connected += 1));
    return socket.on('error', () => undefined);
  });
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  await waitFor(() => connected === CONNECTIONS, { deadlineMs: 10_000, what: 'all of them to be connected' });
  process.kill(service.pid, 'SIGCONT');
  const answer = await fetch(`${service.url}/healthz`);
  t.equal(answer.status, 200, 'and the service goes on');
});
