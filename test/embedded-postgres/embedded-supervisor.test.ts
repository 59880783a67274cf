import t, { type Test } from 'tap';
import { createEmbeddedSupervisor } from '../../src/embedded-postgres/embedded-supervisor.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { silentLog } from '../fixtures/silent-log.ts';

function superviseServer(t: Test, answers: readonly ('comes up' | 'fails')[] = []) {
  const clock = createManualClock(0);
  const restartsAtMs: number[] = [];
  const givenUp: Error[] = [];
  const supervisor = createEmbeddedSupervisor({
    clock,
    log: silentLog,
    async restart() {
      const answer = answers[restartsAtMs.length] ?? 'comes up';
      restartsAtMs.push(clock.monotonicMs());
      if (answer === 'fails') throw new Error('no server');
    },
    onGivenUp: (error) => givenUp.push(error),
  });
  t.teardown(() => supervisor.close());
  return {
    restartsAtMs,
    givenUp,
    close: () => supervisor.close(),
    async end() {
      supervisor.serverEnded();
      await new Promise(setImmediate);
    },
    async pass(ms: number) {
      clock.advance(ms);
      await new Promise(setImmediate);
    },
  };
}

t.test('a server that ends is started again at once, however often, while it lasts for a minute', async (t) => {
  const server = superviseServer(t);
  for (let round = 1; round <= 10; round += 1) {
    await server.pass(60_000);
    await server.end();
    t.equal(server.restartsAtMs.at(-1), round * 60_000);
  }
  t.same(server.givenUp, []);
});

t.test('restarts that fail back off, and the third failure in a row is the last', async (t) => {
  const server = superviseServer(t, ['fails', 'fails', 'fails']);
  await server.end();
  t.same(server.restartsAtMs, [0]);
  await server.pass(1_000);
  await server.pass(2_000);
  t.same(server.restartsAtMs, [0, 1_000, 3_000]);
  t.match(server.givenUp, [{ message: /cannot be kept running/, cause: { message: 'no server' } }]);
  await server.end();
  await server.pass(600_000);
  t.equal(server.restartsAtMs.length, 3, 'given up is given up');
  t.equal(server.givenUp.length, 1);
});

t.test('a server that ends within a minute of its restart counts as a failure', async (t) => {
  const server = superviseServer(t);
  for (let round = 0; round < 3; round += 1) {
    await server.end();
    for (let second = 0; second < 10; second += 1) await server.pass(1_000);
  }
  t.same(server.restartsAtMs, [0, 11_000, 22_000]);
  t.same(server.givenUp, []);
  await server.end();
  t.equal(server.givenUp.length, 1);
});

t.test('a success that lasts clears the failures before it', async (t) => {
  const server = superviseServer(t, ['fails', 'fails', 'comes up', 'fails', 'fails', 'comes up']);
  for (let round = 0; round < 2; round += 1) {
    await server.end();
    await server.pass(1_000);
    await server.pass(2_000);
    await server.pass(60_000);
  }
  t.equal(server.restartsAtMs.length, 6);
  t.same(server.givenUp, []);
});

t.test('a closed supervisor starts nothing, not even after a pause that was under way', async (t) => {
  const server = superviseServer(t, ['fails']);
  await server.end();
  await server.close();
  await server.end();
  await server.pass(600_000);
  t.same(server.restartsAtMs, [0]);
  t.same(server.givenUp, []);
});
