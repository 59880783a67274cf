import t from 'tap';
import type { WebSocket } from 'ws';
import { LiveSession, type SessionDependencies } from '../../../src/http/live/live-session.ts';
import { createLiveSockets } from '../../../src/http/live/live-sockets.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

const KIB = 1_024;

/** Sessions on sockets that only note what is done to them, of users `u1`, `u2`, … by their tokens. */
function setUp({ socketsPerUser = 0 } = {}) {
  const clock = createManualClock();
  const closes: number[] = [];
  const tally = {
    framesSent: 0,
    slowSnapshots: 0,
    observeDelay: () => undefined,
    countClose: (code: number) => closes.push(code),
  };
  let looks = 0;
  const look = () => {
    looks += 1;
    if (looks === 3) throw new Error('planned');
  };
  const sockets = createLiveSockets({ clock, log: silentLog, tally, socketsPerUser, look });
  const databaseClock = { lowerMs: () => 1_800_000_000_000, upperMs: () => 1_800_000_000_000 };
  const watcher = { seq: 0, isOver: false, joined: 0, caughtUp: 0 };
  const deps = {
    guards: {
      judge: async (token: string) => ({ ok: true, value: { kind: 'user', userId: token, expiresAtMs: Infinity } }),
    },
    catalogue: { findSchedule: async () => ({ concertId: 1 }) },
    schedules: {
      open: () => ({
        scheduleId: 7,
        join: async () => {
          watcher.joined += 1;
          return null;
        },
        leave: () => undefined,
        catchUp: () => {
          watcher.caughtUp += 1;
        },
      }),
    },
    databaseClock,
    clock,
    log: silentLog,
    tally,
    messagesPerMinute: 0,
    claim: (session: LiveSession, userId: string) => sockets.claim(session, userId),
    fellBehind: (session: LiveSession) => sockets.fellBehind(session),
  } as unknown as SessionDependencies;

  function open(address = '10.0.0.1') {
    const done: string[] = [];
    const transport = { bufferedAmount: 0 };
    const webSocket = {
      get bufferedAmount() {
        return transport.bufferedAmount;
      },
      isPaused: false,
      send: (frame: Buffer | string) => done.push(frame.toString()),
      close: (code: number) => done.push(`close ${code}`),
      terminate: () => done.push('terminate'),
      ping: () => done.push('ping'),
      pause: () => done.push('pause'),
      resume: () => undefined,
    } as unknown as WebSocket;
    const session = new LiveSession(webSocket, deps, { address, language: 'en' });
    sockets.add(session);
    const say = async (frame: object) => {
      session.receive(Buffer.from(JSON.stringify(frame)), false);
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { session, done, transport, say, hello: (token = 'u1') => say({ type: 'hello', token }) };
  }
  return { clock, sockets, open, closes, watcher, looks: () => looks };
}

t.test('a socket that is silent for 30 s gets a heartbeat, one that gets frames does not', async (t) => {
  const { clock, sockets, open } = setUp();
  sockets.start();
  const { session, done, say, hello } = open();
  await hello();
  clock.advance(25_000);
  await say({ type: 'ping' });
  clock.advance(29_000);
  session.hear(false);
  t.equal(done.filter((each) => each.includes('"heartbeat"')).length, 0);
  clock.advance(1_500);
  t.strictSame(
    done.filter((each) => each.includes('"heartbeat"')),
    [`{"type":"heartbeat","serverTime":"${new Date(1_800_000_000_000).toISOString()}"}`],
  );
});

t.test('a peer is pinged every 30 s, and cut off when it answers nothing until the next', async (t) => {
  const { clock, sockets, open } = setUp();
  sockets.start();
  const { session, done, hello } = open();
  await hello();
  for (let round = 1; round <= 3; round += 1) {
    clock.advance(30_500);
    t.equal(done.filter((each) => each === 'ping').length, round);
    session.hear(false);
  }
  clock.advance(30_500);
  t.notOk(done.includes('terminate'));
  clock.advance(30_500);
  t.ok(done.includes('terminate'));
});

t.test('a socket that is behind is given a snapshot when it has drained, and ended when it does not', async (t) => {
  const { clock, sockets, open, watcher } = setUp();
  sockets.start();
  const { session, done, transport, say, hello } = open();
  await hello();
  await say({ type: 'subscribe', channel: 'seats', scheduleId: 7 });
  t.equal(watcher.joined, 1);
  const fallBehind = () => {
    transport.bufferedAmount = 257 * KIB;
    session.fellBehind();
  };
  fallBehind();
  clock.advance(300);
  t.equal(watcher.caughtUp, 0);
  transport.bufferedAmount = 33 * KIB;
  clock.advance(300);
  t.equal(watcher.caughtUp, 0, 'not before it is well drained');
  transport.bufferedAmount = 32 * KIB;
  clock.advance(100);
  t.equal(watcher.caughtUp, 1);
  t.equal(sockets.behind, 0);
  t.notOk(done.includes('close 1013'));
});

t.test('a socket that does not even read the answers to its own frames is ended', async (t) => {
  const { sockets, open } = setUp();
  const { done, transport, say, hello } = open();
  await hello();
  transport.bufferedAmount = 1_024 * KIB;
  await say({ type: 'ping' });
  t.equal(done.at(-1), '{"type":"pong"}');
  transport.bufferedAmount = 1_024 * KIB + 1;
  await say({ type: 'ping' });
  t.equal(done.at(-1), 'close 1013');
  t.equal(sockets.size, 1, 'until the socket says that it has ended');
});

t.test('a close that the peer does not answer within 2 s is made one', async (t) => {
  const { clock, sockets, open } = setUp();
  sockets.start();
  const { session, done } = open();
  session.close(4400);
  session.close(1011);
  clock.advance(1_500);
  t.strictSame(done, ['close 4400']);
  clock.advance(1_000);
  t.ok(done.includes('terminate'));
});

t.test('nothing is read from a socket whose frames wait for an answer', async (t) => {
  const { open } = setUp();
  const { session, done } = open();
  const send = (frame: object) => session.receive(Buffer.from(JSON.stringify(frame)), false);
  send({ type: 'hello', token: 'u1' });
  for (let nth = 0; nth < 15; nth += 1) send({ type: 'ping' });
  t.strictSame(done, []);
  send({ type: 'ping' });
  t.strictSame(done, ['pause']);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(done.filter((each) => each.includes('pong')).length, 16);
});

t.test('strangers are bounded by address and in all; who says who it is makes room', async (t) => {
  const { sockets, open } = setUp();
  const strangers = Array.from({ length: 5_000 }, () => open('10.0.0.1'));
  t.equal(sockets.refusalOf('10.0.0.1'), 'RATE_LIMITED');
  t.equal(sockets.refusalOf('10.0.0.2'), null);
  await strangers[0]?.hello();
  t.equal(sockets.refusalOf('10.0.0.1'), null);
  for (let address = 0; address < 15_001; address += 1) open(`10.1.${address >> 8}.${address & 255}`);
  t.equal(sockets.refusalOf('10.0.0.2'), 'OVERLOADED');
  const [, second] = strangers;
  if (second !== undefined) sockets.remove(second.session, 1006);
  t.equal(sockets.refusalOf('10.0.0.2'), null);
});

t.test('sockets are counted for their user until they end or change the user', async (t) => {
  const { open, sockets, closes } = setUp({ socketsPerUser: 2 });
  const [first, second, third] = [open(), open(), open()];
  await first.hello('u1');
  await second.hello('u1');
  await second.hello('u1');
  await third.hello('u1');
  t.match(third.done, [/RATE_LIMITED/, 'close 4429']);
  sockets.remove(third.session, 1006);
  sockets.remove(third.session, 1006);
  t.strictSame(closes, [4429], 'the code that was meant is counted, once');
  await second.hello('u2');
  const fourth = open();
  await fourth.hello('u1');
  t.match(fourth.done, [/welcome/]);
  const fifth = open();
  await fifth.hello('u1');
  t.match(fifth.done, [/RATE_LIMITED/, 'close 4429']);
});

t.test('a socket that ends while its hello is judged is counted for nobody, and told nothing', async (t) => {
  const { open, sockets } = setUp({ socketsPerUser: 1 });
  const gone = open();
  const hello = gone.hello('u1');
  // As the route does when the peer has gone.
  gone.session.release();
  sockets.remove(gone.session, 1006);
  await hello;
  t.strictSame(gone.done, []);
  const next = open();
  await next.hello('u1');
  t.match(next.done, [/welcome/]);
});

t.test('a bug in the regular look is logged, and the looks go on', async (t) => {
  const { clock, sockets, looks } = setUp();
  sockets.start();
  clock.advance(10_000);
  t.ok(looks() >= 9, `${looks()} looks`);
});

t.test('at the end everybody is told, nobody new comes in, and the deaf are cut off after 500 ms', async (t) => {
  const { clock, sockets, open } = setUp();
  sockets.start();
  const [polite, deaf] = [open(), open()];
  sockets.close();
  sockets.close();
  for (const { done } of [polite, deaf]) t.strictSame(done, ['close 1012']);
  t.equal(sockets.refusalOf('10.0.0.9'), 'OVERLOADED');
  sockets.remove(polite.session, 1012);
  clock.advance(500);
  t.strictSame(polite.done, ['close 1012']);
  t.strictSame(deaf.done, ['close 1012', 'terminate']);
});
