import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import t from 'tap';
import { connectRedis, redisOptions } from '../../src/runtime/redis-options.ts';
import { freePort } from '../fixtures/free-port.ts';
import { silentLog } from '../fixtures/silent-log.ts';

const REPLICA = {
  'Redis 7, a command': "READONLY You can't write against a read only replica.",
  'Redis 7, a script': "READONLY You can't write against a read only replica. script: f1, on @user_script:1.",
  'Redis 6.2, a script':
    "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.",
  'Redis 5, a script':
    "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -READONLY You can't write against a read only slave.",
};

const OTHER = {
  'an error of a script': 'ERR Error running script (call to f_1): @user_script:1: attempt to index a nil value',
  'memory that is full':
    "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
  'a word within a text': "ERR unknown command 'READONLY '",
};

t.test('a refusal by a replica is recognised in the wording of every version, and nothing else is', async (t) => {
  const { reconnectOnError } = redisOptions();
  for (const [what, text] of Object.entries(REPLICA)) t.equal(reconnectOnError(new Error(text)), true, what);
  for (const [what, text] of Object.entries(OTHER)) t.equal(reconnectOnError(new Error(text)), false, what);
});

t.test('a client leaves a server that has become a replica', async (t) => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', (sent) => {
      const commands = sent.toString().match(/^\*/gm) ?? [];
      const answer = /eval/i.test(sent.toString()) ? `-${REPLICA['Redis 6.2, a script']}` : '+OK';
      socket.write(`${answer}\r\n`.repeat(commands.length));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const client = new Redis({ ...redisOptions(), port: address.port, enableReadyCheck: false });
  t.teardown(() => {
    client.disconnect();
    server.close();
  });
  client.on('error', () => undefined);
  await client.connect();
  const next = once(client, 'ready');
  await t.rejects(client.eval('return 1', 0), { message: /-READONLY/ });
  await next;
  t.equal(connections, 2);
});

t.test('a Redis that cannot be used is reported with its address, the reason and the remedy', async (t) => {
  const port = await freePort();
  const client = new Redis(`redis://127.0.0.1:${port}`, redisOptions());
  t.teardown(() => client.disconnect());
  const said: string[] = [];
  const log = { ...silentLog, warn: (_fields: object, message?: string) => void said.push(message ?? '') };
  t.equal(await connectRedis(client, log), false);
  t.same(said, [
    `Redis at 127.0.0.1:${port} cannot be used (connect ECONNREFUSED 127.0.0.1:${port}); start it, or correct REDIS_URL; frontrow keeps trying`,
  ]);
});
