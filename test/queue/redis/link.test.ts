import { Redis } from 'ioredis';
import t from 'tap';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createRedisLink } from '../../../src/queue/redis/redis-link.ts';
import { createLateClock } from '../../fixtures/late-clock.ts';
import { skipWithoutRedis, startTestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { startTcpProxy } from '../../fixtures/tcp-proxy.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

t.test(
  'a connection that breaks under commands: they are refused once, sent once, and hold up nobody who follows',
  { skip: skipWithoutRedis() },
  async (t) => {
    const redis = await startTestRedis(t);
    const proxy = await startTcpProxy(t, redis.url);
    const link = createRedisLink({
      url: proxy.url,
      clock: systemClock,
      log: silentLog,
      onUp: () => undefined,
      onDown: () => undefined,
      onEvent: () => undefined,
      onHearing: () => undefined,
    });
    t.teardown(() => link.close());
    const observer = new Redis(redis.url);
    t.teardown(() => observer.disconnect());
    await link.start();

    proxy.muteServer();
    const lost = ['a', 'b'].map((key) => link.claim(key, 'node', 60_000));
    const refused = lost.map((each) => t.rejects(each, { code: 'QUEUE_UNAVAILABLE', effect: 'unknown' }));
    await waitFor(() => proxy.hasSwallowed, { what: 'their answers' });
    proxy.cut();
    await Promise.all(refused);
    await waitFor(() => link.isUp, { what: 'the next connection' });
    t.equal(await link.claim('a', 'node', 60_000), false, 'it was done, and is not in the way of the next command');
    t.equal(await link.claim('c', 'node', 60_000), true);
    const [, calls] = /cmdstat_set:calls=(\d+)/.exec(await observer.info('commandstats')) ?? [];
    t.equal(calls, '4');
  },
);

t.test(
  'a command is not refused for the time for which this process did not run',
  { skip: skipWithoutRedis() },
  async (t) => {
    const redis = await startTestRedis(t);
    const proxy = await startTcpProxy(t, redis.url);
    const clock = createLateClock();
    const told: string[] = [];
    const link = createRedisLink({
      url: proxy.url,
      clock,
      log: silentLog,
      onUp: () => told.push('up'),
      onDown: () => told.push('down'),
      onEvent: () => undefined,
      onHearing: () => undefined,
    });
    t.teardown(() => link.close());
    await link.start();

    proxy.holdClients();
    const claimed = link.claim('a', 'node', 60_000);
    for (let count = 0; count < 5; count += 1) {
      clock.turn(400);
      await turnsOfTheLoop();
    }
    t.same(told, ['up']);
    proxy.passOn();
    t.equal(await claimed, true);

    proxy.holdClients();
    const refused = t.rejects(link.claim('b', 'node', 60_000), { code: 'QUEUE_UNAVAILABLE', effect: 'unknown' });
    for (let count = 0; count < 16; count += 1) {
      clock.turn(20);
      await turnsOfTheLoop();
    }
    await refused;
    t.same(told, ['up', 'down'], 'a loop that ran could have seen an answer');
    proxy.passOn();
    await waitFor(
      () => {
        clock.turn(20);
        return link.isUp;
      },
      { what: 'Redis to answer again' },
    );
    t.equal(await link.claim('c', 'node', 60_000), true);
  },
);

/** As many as a judgement waits for. */
async function turnsOfTheLoop(): Promise<void> {
  for (let count = 0; count < 3; count += 1) await new Promise((resolve) => setImmediate(resolve));
}
