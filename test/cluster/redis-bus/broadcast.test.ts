import t from 'tap';
import { createRedisBroadcast } from '../../../src/cluster/redis-bus/broadcast.ts';
import { createLateClock } from '../../fixtures/late-clock.ts';
import { skipWithoutRedis, startTestRedis } from '../../fixtures/redis.ts';
import { silentLog } from '../../fixtures/silent-log.ts';
import { startTcpProxy } from '../../fixtures/tcp-proxy.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

/** As many turns of the loop as a judgement waits for. */
async function turnsOfTheLoop(): Promise<void> {
  for (let count = 0; count < 3; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

t.test(
  'a message is given up for silence of Redis, and not for the time for which this process did not run',
  { skip: skipWithoutRedis() },
  async (t) => {
    const redis = await startTestRedis(t);
    const proxy = await startTcpProxy(t, redis.url);
    const clock = createLateClock();
    const broadcast = createRedisBroadcast({ url: proxy.url, nodeName: 'teller', clock, log: silentLog });
    t.teardown(() => broadcast.close());
    await broadcast.start();

    proxy.holdClients();
    broadcast.send('news', 'first');
    for (let count = 0; count < 5; count += 1) {
      clock.turn(1_000);
      await turnsOfTheLoop();
    }
    t.match(broadcast.counts(), { sent: 0, dropped: 0 });
    t.match(broadcast.figures(), { silenceMs: 150, ownDelayMs: 4_850 });
    proxy.passOn();
    await waitFor(() => broadcast.counts().sent === 1, { what: 'the answer' });

    proxy.holdClients();
    broadcast.send('news', 'second');
    for (let count = 0; count < 51; count += 1) {
      clock.turn(20);
      await turnsOfTheLoop();
    }
    t.match(broadcast.counts(), { sent: 1, dropped: 1 });
  },
);
