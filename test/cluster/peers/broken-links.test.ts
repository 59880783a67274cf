import t from 'tap';
import type { PeerLinks } from '../../../src/cluster/peers/peer-port.ts';
import { CloseCode, FRAME_LIMIT_BYTES } from '../../../src/cluster/peers/wire.ts';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { startTcpProxy } from '../../fixtures/tcp-proxy.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { startRawListener, startRawPair } from './raw-peer.ts';
import {
  countHandled,
  createKeptLog,
  LIMIT_MS,
  LISTENER,
  mapOf,
  readMap,
  seqOf,
  startDialler,
  startListener,
  waitUntilUp,
} from './two-nodes.ts';

function inFlight(links: PeerLinks): number {
  return links.measure()[0]?.inFlight ?? 0;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A listener behind a proxy that can misbehave, and the links to it. */
async function startThroughProxy(t: Parameters<typeof startListener>[0]) {
  const log = createKeptLog();
  const { handle, handled } = countHandled();
  const server = await startListener(t, { handle });
  const proxy = await startTcpProxy(t, `http://${server.address}`);
  const links = startDialler(t, new URL(proxy.url).host, { log });
  await waitUntilUp(links);
  return { proxy, links, log, handled };
}

t.test('commands of one turn of the event loop go in one frame', async (t) => {
  const { links, peer } = await startRawPair(t);
  const sent = [1, 2, 3].map((scheduleId) => links.send(LISTENER, readMap(scheduleId), LIMIT_MS));
  void Promise.resolve().then(() => links.send(LISTENER, readMap(4), LIMIT_MS));
  const frame = JSON.parse(await peer.next());
  t.same(
    frame.map(([, command]: [number, unknown]) => command),
    [1, 2, 3, 4].map(readMap),
  );
  peer.say(JSON.stringify(frame.map(([id]: [number]) => [id, mapOf(id)])));
  t.same((await Promise.all(sent)).length, 3);
});

for (const side of ['muteServer', 'muteClients'] as const) {
  t.test(`a link that carries nothing one way is broken within about 1.5 s, and dialled again (${side})`, async (t) => {
    const { proxy, links, log, handled } = await startThroughProxy(t);
    proxy[side]();
    const startMs = performance.now();
    t.same(await links.send(LISTENER, readMap(), LIMIT_MS), { type: 'lost' });
    const tookMs = performance.now() - startMs;
    t.ok(tookMs < 2_500, `${tookMs} ms`);
    t.equal(handled(), side === 'muteServer' ? 1 : 0, 'the two cannot be told apart');
    t.ok(log.warnsOf('nothing was heard'));
    const mute = performance.now();
    t.same(await links.send(LISTENER, readMap(), LIMIT_MS), { type: 'unreachable' }, 'no new link comes up');
    t.ok(performance.now() - mute < 2_000);
    proxy.cut();
    t.equal(seqOf(await links.send(LISTENER, readMap(7), LIMIT_MS)), 7, 'until it carries again');
  });
}

t.test('a link that is cut is dialled again within milliseconds; what was sent on it is lost', async (t) => {
  const { handle, handled } = countHandled(({ scheduleId }) =>
    scheduleId === 1 ? new Promise(() => undefined) : mapOf(scheduleId),
  );
  const server = await startListener(t, { handle });
  const proxy = await startTcpProxy(t, `http://${server.address}`);
  const log = createKeptLog();
  const links = startDialler(t, new URL(proxy.url).host, { log });
  const sent = links.send(LISTENER, readMap(1), LIMIT_MS);
  await waitFor(() => handled() === 1, { what: 'the command' });
  proxy.cut();
  t.same(await sent, { type: 'lost' });
  t.equal(seqOf(await links.send(LISTENER, readMap(2), LIMIT_MS)), 2);
  t.ok(log.warnsOf('the link to a peer is down'));
});

t.test('the pauses between attempts grow, and a peer that stays away is logged once', async (t) => {
  const clock = createManualClock();
  const log = createKeptLog();
  const links = startDialler(t, '127.0.0.1:1', { clock, log });
  const attempts = (): number => log.lines.filter(({ message }) => message.includes('down')).length;
  for (const [index, pauseMs] of [20, 40, 80, 160, 320, 500, 500].entries()) {
    await waitFor(() => attempts() === index + 1, { what: `attempt ${index + 1}` });
    clock.advance(pauseMs - 1);
    await turns(20);
    t.equal(attempts(), index + 1);
    clock.advance(1);
  }
  t.equal(log.lines.filter(({ level }) => level === 'warn').length, 1);
  await links.close();
  t.equal(clock.pending(), 0, 'no timer stays');
});

t.test('an address that is none is logged, and is nobody’s end', async (t) => {
  const log = createKeptLog();
  const links = startDialler(t, 'no address', { log });
  const outcomes: unknown[] = [];
  void links.send(LISTENER, readMap(), 100).then((outcome) => outcomes.push(outcome));
  await waitFor(() => outcomes.length > 0, { what: 'the outcome' });
  t.same(outcomes, [{ type: 'unreachable' }]);
  t.ok(log.warnsOf('Invalid URL'));
});

t.test('what is not answered within its limit is lost, and an answer after that is ignored', async (t) => {
  const clock = createManualClock();
  const { links, peer } = await startRawPair(t, { clock });
  const short = links.send(LISTENER, readMap(1), 300);
  const long = links.send(LISTENER, readMap(2), 600);
  const [[shortId], [longId]] = JSON.parse(await peer.next());
  clock.advance(299);
  await turns(2);
  t.equal(inFlight(links), 2);
  clock.advance(51);
  t.same(await short, { type: 'lost' });
  peer.say(
    JSON.stringify([
      [shortId, mapOf(1)],
      [99, mapOf(9)],
      [longId, mapOf(2)],
    ]),
  );
  t.equal(seqOf(await long), 2);
  peer.say(JSON.stringify([[longId, mapOf(2)]]));
  const next = links.send(LISTENER, readMap(3), 600);
  const [[nextId]] = JSON.parse(await peer.next());
  t.notOk([shortId, longId].includes(nextId), 'an id is not used twice');
  peer.say(JSON.stringify([[nextId, mapOf(3)]]));
  t.equal(seqOf(await next), 3);
});

t.test('a link is kept while pongs come, though no command does', async (t) => {
  const clock = createManualClock();
  const { links, peer } = await startRawPair(t, { clock });
  let pings = 0;
  peer.socket.on('ping', () => (pings += 1));
  for (let round = 1; round <= 10; round += 1) {
    clock.advance(500);
    await waitFor(() => pings === round, { what: 'a ping' });
    await turns(20);
    t.match(links.measure(), [{ isUp: true }]);
  }
});

t.test('time in which this process stood still is not held against the peer', async (t) => {
  let stoodStillMs = 0;
  let timers = 0;
  const clock: Clock = {
    monotonicMs: () => systemClock.monotonicMs() + stoodStillMs,
    after(delayMs, run) {
      timers += 1;
      return systemClock.after(delayMs, run);
    },
  };
  const server = await startListener(t);
  const log = createKeptLog();
  const links = startDialler(t, server.address, { clock, log });
  await waitUntilUp(links);
  stoodStillMs = 60_000;
  const before = timers;
  await waitFor(() => timers >= before + 3, { what: 'the link to look at the clock' });
  t.match(links.measure(), [{ isUp: true }]);
  t.notOk(log.warnsOf('down'));
});

t.test(
  'garbage of a peer breaks the link; what was sent is lost, and the next one is taken on a new link',
  async (t) => {
    const clock = createManualClock();
    const listener = await startRawListener(t);
    const log = createKeptLog();
    const links = startDialler(t, listener.address, { log, clock });
    const garbage = [
      'x',
      '[]',
      '{}',
      '[[1]]',
      '[[1,{"outcome":"granted"}]]',
      '[[1,{"outcome":"refused","rejection":{"code":"SEAT_TAKEN","members":{"__proto__":{}}}}]]',
      `[[1,{"outcome":"key-taken"}]${' '.repeat(FRAME_LIMIT_BYTES)}]`,
    ];
    for (const [nth, text] of garbage.entries()) {
      await waitFor(
        () => {
          clock.advance(10);
          return listener.peers.length === nth + 1 && links.measure()[0]?.isUp;
        },
        { what: 'a new link' },
      );
      const peer = listener.peers[nth];
      const sent = links.send(LISTENER, readMap(), 600_000);
      await peer?.next();
      const before = log.lines.length;
      peer?.say(text);
      t.same(await sent, { type: 'lost' }, text.slice(0, 80));
      t.match(log.lines.slice(before), [{ level: 'warn', message: 'the link to a peer is down' }]);
    }
    t.ok(log.warnsOf('what is no answer'));
  },
);

t.test('only a goodbye says that what has no answer was not taken', async (t) => {
  const listener = await startRawListener(t);
  const links = startDialler(t, listener.address);
  for (const [nth, code] of [1000, CloseCode.goodbye, 1011, 4999].entries()) {
    const sent = links.send(LISTENER, readMap(), LIMIT_MS);
    const peer = await waitFor(() => listener.peers[nth], { what: 'a link' });
    await peer.next();
    peer.socket.close(code);
    t.same(await sent, { type: code === CloseCode.goodbye ? 'unreachable' : 'lost' }, String(code));
  }
});

t.test('too many commands in flight are refused, and taken again when some are answered', async (t) => {
  const { links, peer } = await startRawPair(t);
  const sent = Array.from({ length: 4_096 }, (_, index) => links.send(LISTENER, readMap(index + 1), LIMIT_MS));
  t.same(await links.send(LISTENER, readMap(), LIMIT_MS), { type: 'busy' });
  const [[id]] = JSON.parse(await peer.next());
  peer.say(JSON.stringify([[id, mapOf(1)]]));
  t.equal(seqOf((await sent[0]) ?? { type: 'lost' }), 1);
  t.equal(inFlight(links), 4_095);
  const next = links.send(LISTENER, readMap(), 200);
  t.equal(inFlight(links), 4_096);
  t.same(await next, { type: 'lost' });
  await links.close();
  t.same(new Set((await Promise.all(sent.slice(1))).map(({ type }) => type)), new Set(['lost']));
});

t.test(
  'what a peer that reads nothing has not taken from the network stays here, and is not lost with the link',
  async (t) => {
    const { links, peer } = await startRawPair(t);
    peer.socket.pause();
    const seatNumbers = Array.from({ length: 1_000 }, (_, index) => 2_000_000_000 + index);
    const userId = '0198a0a0-0000-7000-8000-000000000001';
    const sent = Array.from({ length: 4_000 }, () =>
      links.send(
        LISTENER,
        {
          type: 'HoldSeats',
          scheduleId: 1,
          userId,
          tokenId: userId,
          admittedAtMs: 0,
          seatNumbers,
          claim: null,
        },
        LIMIT_MS,
      ),
    );
    const outcomes = (await Promise.all(sent)).map(({ type }) => type);
    const lost = outcomes.filter((type) => type === 'lost').length;
    const unreachable = outcomes.filter((type) => type === 'unreachable').length;
    t.equal(lost + unreachable, 4_000);
    t.ok(lost > 0 && unreachable > 500, `${lost} lost, ${unreachable} unreachable`);
    t.notOk(outcomes.slice(0, lost).includes('unreachable'), 'the first ones were sent');
  },
);
