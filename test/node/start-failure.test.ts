import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import { readConfig } from '../../src/config/config.ts';
import { requireFreePort } from '../../src/config/free-port.ts';
import { describeStartFailure } from '../../src/node/start-failure.ts';
import { OperatorError } from '../../src/runtime/operator-error.ts';

function configOf(env: Readonly<Record<string, string>>) {
  const reading = readConfig(env);
  if (!reading.ok) throw new Error(reading.faults.join('; '));
  return reading.config;
}

async function failureOf(host: string, port: number): Promise<string | null> {
  try {
    await requireFreePort(host, port);
  } catch (error) {
    return describeStartFailure(error, configOf({ METRICS_PORT: String(port), HOST: host }));
  }
  throw new Error(`this process can listen on port ${port} of ${host}`);
}

t.test('a port or an address that cannot be used is named with its variable and the remedy', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  t.equal(
    await failureOf('127.0.0.1', address.port),
    `port ${address.port} of 127.0.0.1 is in use, perhaps by another frontrow; stop that process, or set METRICS_PORT to another port`,
  );
  t.equal(
    await failureOf('192.0.2.1', 18_431),
    '192.0.2.1 is not an address of this machine; set HOST to one that is, or to 0.0.0.0 for all',
  );
});

t.test('a failure without a known remedy stays an error with its stack', async (t) => {
  t.equal(describeStartFailure(new OperatorError('make room'), configOf({})), 'make room');
  t.equal(describeStartFailure(new TypeError('a bug'), configOf({})), null);
});
