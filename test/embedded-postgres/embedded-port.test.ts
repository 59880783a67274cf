import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { choosePort } from '../../src/embedded-postgres/embedded-port.ts';
import { freePort } from '../fixtures/free-port.ts';

t.test('the port of last time is taken again while it is free', async (t) => {
  const file = join(t.testdir(), 'postgres-port');
  const port = await freePort();
  writeFileSync(file, `${port}\n`);
  t.equal(await choosePort(file), port);

  const other = createServer().listen(0, '127.0.0.1');
  t.teardown(() => other.close());
  await once(other, 'listening');
  const taken = (other.address() as AddressInfo).port;
  writeFileSync(file, String(taken));
  t.not(await choosePort(file), taken);
});

t.test(
  'a file that names no port that an unprivileged server can have does not stand in the way of a start',
  async (t) => {
    const file = join(t.testdir(), 'postgres-port');
    for (const content of ['', 'garbage', '\0\0', '-1', '0', '1', '80', '1023', '65536', '5432.5', '5432 5433']) {
      writeFileSync(file, content);
      const port = await choosePort(file);
      t.ok(port >= 1_024 && port <= 65_535, `${JSON.stringify(content)}: ${port}`);
    }
    await t.rejects(choosePort(t.testdir({})), { message: /cannot be read \(EISDIR\); it must be a file/ });
  },
);
