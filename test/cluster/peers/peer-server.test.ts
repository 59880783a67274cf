import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { CloseCode, FRAME_LIMIT_BYTES } from '../../../src/cluster/peers/wire.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { connectProven } from './raw-peer.ts';
import {
  countHandled,
  createKeptLog,
  createPatientHandler,
  LIMIT_MS,
  LISTENER,
  mapOf,
  readMap,
  seqOf,
  startListener,
  startPair,
  waitUntilUp,
} from './two-nodes.ts';

function frameOf(count: number, firstId = 1): string {
  return JSON.stringify(Array.from({ length: count }, (_, index) => [firstId + index, readMap(index + 1)]));
}

t.test('answers of one turn of the event loop come in one frame', async (t) => {
  const { waiting, handle } = createPatientHandler();
  const { address } = await startListener(t, { handle });
  const peer = await connectProven(t, address);
  peer.say(frameOf(1));
  peer.say(frameOf(2, 2));
  await waitFor(() => waiting.length === 3, { what: 'the commands' });
  for (const { command, give } of waiting) give(mapOf(command.scheduleId));
  const answers = JSON.parse(await peer.next());
  t.same(
    answers.map(([id]: [number]) => id),
    [1, 2, 3],
  );
  t.same(peer.heard, []);
});

t.test('garbage of a proven peer ends its connection, is logged, and never reaches the handler', async (t) => {
  const log = createKeptLog();
  const { handle, handled } = countHandled();
  const { address } = await startListener(t, { log, handle });
  const good = JSON.stringify(readMap());
  const garbage = [
    'x',
    '{}',
    '[]',
    `[1,${good}]`,
    `[[1,${good}],[2,{"type":"ReadSeatMap","scheduleId":"1"}]]`,
    `[[1,{"type":"ReadSeatMap","scheduleId":1,"__proto__":{"isAdmin":true}}]]`,
    `[[1,{"type":"ReadSeatMap","__proto__":{"scheduleId":1}}]]`,
    `[[1,{"type":"constructor"}]]`,
    `[["1",${good}]]`,
    `${'['.repeat(100_000)}`,
  ];
  for (const text of garbage) {
    const before = log.lines.length;
    const peer = await connectProven(t, address);
    peer.say(text);
    peer.say(`[[1,${good}]]`);
    t.equal(await peer.end(), CloseCode.malformed, text.slice(0, 80));
    t.match(log.lines.slice(before), [{ level: 'warn', message: /no command/ }]);
    t.same(peer.heard, []);
  }
  const binary = await connectProven(t, address);
  binary.socket.send(Buffer.from(`[[1,${good}]]`));
  t.equal(await binary.end(), CloseCode.malformed);
  t.equal(handled(), 0);
  t.equal('isAdmin' in {}, false);
});

t.test('a frame over the limit ends the connection, and is not handled', async (t) => {
  const { address } = await startListener(t);
  const peer = await connectProven(t, address);
  const good = JSON.stringify(readMap());
  peer.say(`[[1,${good}]${' '.repeat(FRAME_LIMIT_BYTES)}]`);
  t.equal(await peer.end(), 1009);
  t.same(peer.heard, []);

  const other = await connectProven(t, address);
  other.say(`[[1,${good}]${' '.repeat(FRAME_LIMIT_BYTES - good.length - 10)}]`);
  t.match(await other.next(), /granted/, 'one below it is');
});

t.test('commands beyond what a peer may have under way are refused, with nothing done', async (t) => {
  const { waiting, handle } = createPatientHandler();
  const { address } = await startListener(t, { handle });
  const peer = await connectProven(t, address);
  peer.say(frameOf(8_192));
  peer.say(frameOf(1, 8_193));
  t.same(JSON.parse(await peer.next()), [[8_193, { outcome: 'failed', code: 'OVERLOADED', effect: 'none' }]]);
  t.equal(waiting.length, 8_192);
  waiting[0]?.give(mapOf(1));
  await peer.next();
  peer.say(frameOf(1, 8_194));
  await waitFor(() => waiting.length === 8_193, { what: 'the command that fits again' });
});

t.test('a peer that reads nothing is refused more, and cut off in the end', async (t) => {
  const log = createKeptLog();
  const seats = Array.from({ length: 500 }, (_, index) => ({
    seatNumber: index + 1,
    price: 150_000,
    status: 'AVAILABLE' as const,
    heldUntil: null,
    userId: null,
    seq: 1,
  }));
  const { handle, handled } = countHandled(({ scheduleId }) => ({
    outcome: 'granted',
    value: { scheduleId, epoch: 1, seq: 1, availableSeats: 500, seats },
  }));
  const { address } = await startListener(t, { log, handle });
  const peer = await connectProven(t, address);
  peer.socket.pause();
  const commands = frameOf(1_000);
  const memoryBefore = process.memoryUsage().rss;
  for (let sent = 0; sent < 2_000 && !log.warnsOf('does not read'); sent += 1) {
    peer.say(commands);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await waitFor(() => log.warnsOf('does not read its answers'), { what: 'the end of it' });
  const grownMiB = (process.memoryUsage().rss - memoryBefore) / 2 ** 20;
  t.ok(grownMiB < 300, `${grownMiB} MiB`);
  const madeMiB = (handled() * JSON.stringify(seats).length) / 2 ** 20;
  t.ok(madeMiB < 20, `8 MiB and what the system buffers: ${madeMiB} MiB of maps were made`);
  const next = await connectProven(t, address);
  next.say(frameOf(1));
  t.match(await next.next(), /granted/, 'others are served');
});

t.test('an answer that cannot be sent is a bug, not the end of the connection', async (t) => {
  const log = createKeptLog();
  const { address } = await startListener(t, {
    log,
    handle({ scheduleId }) {
      if (scheduleId === 1) return { outcome: 'elsewhere', owner: 'x'.repeat(FRAME_LIMIT_BYTES) };
      return { outcome: 'refused', rejection: { code: 'SEAT_TAKEN', members: { big: 1n } } };
    },
  });
  const peer = await connectProven(t, address);
  peer.say(frameOf(2));
  const failed = { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'unknown' };
  t.same(JSON.parse(await peer.next()), [
    [1, failed],
    [2, failed],
  ]);
  t.ok(log.warnsOf('too long'));
});

t.test('who stops lets what is under way be answered, takes nothing new, and says goodbye', async (t) => {
  const { waiting, handle } = createPatientHandler();
  const { server, links } = await startPair(t, handle);
  const sent = links.send(LISTENER, readMap(3), LIMIT_MS);
  await waitFor(() => waiting.length === 1, { what: 'the command' });
  const closed = server.close();
  t.equal(server.close(), closed, 'once');
  const late = await links.send(LISTENER, readMap(4), LIMIT_MS);
  t.same(late, { type: 'answered', answer: { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' } });
  t.equal(waiting.length, 1);
  const [host = '', port] = server.address.split(':');
  const [error] = await once(connect({ host, port: Number(port) }), 'error');
  t.match(error, { code: 'ECONNREFUSED' });
  waiting[0]?.give(mapOf(3));
  t.equal(seqOf(await sent), 3);
  await closed;
  await waitFor(() => links.measure()[0]?.isUp === false, { what: 'the end of the link' });
});

t.test('what a peer that stops had not taken is unreachable, not lost', async (t) => {
  const { handle, handled } = countHandled();
  const { server, links } = await startPair(t, handle);
  await waitUntilUp(links);
  const closed = server.close();
  // The goodbye is on its way, and the dialler does not know of it.
  t.match(links.measure(), [{ isUp: true }]);
  const sent = await links.send(LISTENER, readMap(4), LIMIT_MS);
  t.same(sent, { type: 'unreachable' });
  t.equal(handled(), 0);
  await closed;
});

t.test('who stops waits no longer than two seconds for an answer', async (t) => {
  const clock = createManualClock();
  const server = await startListener(t, { handle: createPatientHandler().handle, clock });
  const peer = await connectProven(t, server.address);
  peer.say(frameOf(1));
  peer.say('[[2,null]]'.replace('null', JSON.stringify(readMap())));
  await new Promise<void>((resolve) => {
    peer.socket.ping();
    peer.socket.once('pong', () => resolve());
  });
  const closed = server.close();
  clock.advance(1_999);
  t.equal(peer.closeCode, null);
  clock.advance(1);
  t.equal(await peer.end(), 1006);
  await closed;
  t.equal(clock.pending(), 0, 'no timer stays');
});

t.test('a peer that falls silent is let go', async (t) => {
  const clock = createManualClock();
  const server = await startListener(t, { clock });
  const peer = await connectProven(t, server.address);
  clock.advance(5_000);
  peer.say(frameOf(1));
  await peer.next();
  clock.advance(5_000);
  t.equal(peer.closeCode, null, 'it has said something meanwhile');
  clock.advance(5_000);
  t.equal(await peer.end(), 1006);
});

t.test('a port that is taken is an error', async (t) => {
  const { address } = await startListener(t);
  await t.rejects(startListener(t, { port: Number(address.split(':')[1]) }), { code: 'EADDRINUSE' });
});
