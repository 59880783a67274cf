import t, { type Test } from 'tap';
import { createTestDatabase } from '../../fixtures/database.ts';
import { readFigure } from '../../fixtures/figures.ts';
import { type LiveSocket, openLiveSocket } from '../../fixtures/live-socket.ts';
import { openSale, register, startTestService } from '../../fixtures/service.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import { shopperOf } from './shopping.ts';

const database = await createTestDatabase(t);
const service = await startTestService(t, database, { LIVE_SOCKETS_PER_USER: '0' });
const hall = await openSale(service, { seatCount: 5 });
const { scheduleId } = hall;
const shopper = await shopperOf(service, hall);
const { accessToken } = await register(service);

const bystander = await openLiveSocket(t, service.url, { token: accessToken });
await bystander.subscribe(scheduleId);

/** What the others must go on to get, whatever one socket does. */
async function assertOthersAreServed(t: Test): Promise<void> {
  const { seq } = bystander.view(scheduleId);
  const held = await shopper.hold(scheduleId, 1);
  t.equal(held.status, 201);
  await bystander.reach(scheduleId, seq + 1);
  await shopper.release(held);
  await bystander.reach(scheduleId, seq + 2);
  const newcomer = await openLiveSocket(t, service.url, { token: accessToken });
  t.match(await newcomer.subscribe(scheduleId), { type: 'snapshot' });
  await newcomer.close();
}

/** A frame as it goes over the line, masked with zeros. */
function rawFrame(opcode: number, payload: Buffer, { isFinal = true, announced = payload.length } = {}): Buffer {
  const first = (isFinal ? 0x80 : 0) | opcode;
  const mask = Buffer.alloc(4);
  if (announced < 126) return Buffer.concat([Buffer.from([first, 0x80 | announced]), mask, payload]);
  const length = Buffer.alloc(announced < 65_536 ? 2 : 8);
  if (announced < 65_536) length.writeUInt16BE(announced);
  else length.writeBigUInt64BE(BigInt(announced));
  return Buffer.concat([Buffer.from([first, 0x80 | (length.length === 2 ? 126 : 127)]), length, mask, payload]);
}

function open(t: Test, isKnown = true): Promise<LiveSocket> {
  return openLiveSocket(t, service.url, isKnown ? { token: accessToken } : {});
}

t.test('the third malformed frame ends the socket, whatever came between', async (t) => {
  const socket = await open(t);
  socket.send('{"type":"subscribe","channel":"seats","scheduleId":"7","id":"first"}');
  t.match(await socket.next('error'), { code: 'MALFORMED', channel: 'seats', id: 'first' });
  await socket.subscribe(scheduleId);
  socket.send('{"type":"dance"}');
  t.match(await socket.next('error'), { code: 'MALFORMED' });
  t.equal(socket.closeCode, null);
  socket.send('{');
  t.match(await socket.next('error'), { code: 'MALFORMED' });
  t.equal(await socket.closed(), 4400);
  await assertOthersAreServed(t);
});

t.test('binary is malformed', async (t) => {
  const socket = await open(t);
  for (let sent = 0; sent < 3; sent += 1) socket.send(Buffer.from('{"type":"ping"}'));
  t.equal(await socket.closed(), 4400);
  t.strictSame(
    socket.frames.filter(({ type }) => type === 'pong'),
    [],
  );
});

t.test('hostile JSON is malformed, and changes nothing for anybody', async (t) => {
  for (const text of [
    '{"type":"ping","__proto__":{"polluted":true}}',
    '{"__proto__":{"type":"ping"}}',
    '{"type":"subscribe","channel":"seats","scheduleId":1,"constructor":{"prototype":{"polluted":true}}}',
    `${'['.repeat(4_000)}`,
    `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
    `{"type":"ping","a":${'{"a":'.repeat(600)}1${'}'.repeat(600)}}`,
    `{"type":"subscribe","channel":"seats","scheduleId":${'9'.repeat(3_000)}}`,
    '{"type":"subscribe","channel":"seats","scheduleId":1e308}',
    `{"type":"${'x'.repeat(4_000)}"}`,
    '\u0000',
    '{"type":"hello","token":"a","token":{"toString":1}}',
  ]) {
    const socket = await open(t);
    socket.send(text);
    t.match(await socket.next('error'), { code: 'MALFORMED' }, JSON.stringify(text.slice(0, 40)));
    socket.send({ type: 'ping' });
    await socket.next('pong');
    await socket.close();
  }
  t.equal(Reflect.get({}, 'polluted'), undefined);
  await assertOthersAreServed(t);
});

t.test('a frame of more than 4 KiB ends the socket with 1009, one of 4 KiB does not', async (t) => {
  const fits = await open(t);
  fits.send(`{"type":"ping"}${' '.repeat(4_096 - 15)}`);
  await fits.next('pong');
  const over = await open(t);
  over.send(`{"type":"ping"}${' '.repeat(4_097 - 15)}`);
  t.equal(await over.closed(), 1009);
  const announced = await open(t, false);
  announced.transport.write(rawFrame(1, Buffer.alloc(0), { announced: 2 ** 31 }));
  t.equal(await announced.closed(), 1009);
  await assertOthersAreServed(t);
});

t.test('a flood of fragments, of control frames and of broken frames ends its own socket only', async (t) => {
  const floods: readonly (readonly [string, (socket: LiveSocket) => void])[] = [
    [
      'empty fragments',
      ({ transport }) => {
        transport.write(rawFrame(1, Buffer.from('x'), { isFinal: false }));
        const fragment = rawFrame(0, Buffer.alloc(0), { isFinal: false });
        transport.write(Buffer.concat(Array.from({ length: 20_000 }, () => fragment)));
      },
    ],
    [
      'pings that nobody reads the answers of',
      ({ transport }) => {
        transport.pause();
        const ping = rawFrame(9, Buffer.alloc(125));
        const batch = Buffer.concat(Array.from({ length: 10_000 }, () => ping));
        for (let nth = 0; nth < 10; nth += 1) transport.write(batch);
        setTimeout(() => transport.resume(), 300);
      },
    ],
    ['a reserved opcode', ({ transport }) => transport.write(rawFrame(3, Buffer.from('x')))],
    ['an unmasked frame', ({ transport }) => transport.write(Buffer.from([0x81, 1, 120]))],
    ['a reserved bit', ({ transport }) => transport.write(Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 120]))],
    ['text that is no UTF-8', ({ transport }) => transport.write(rawFrame(1, Buffer.from([0xff, 0xfe, 0xfd])))],
    ['a continuation of nothing', ({ transport }) => transport.write(rawFrame(0, Buffer.from('x')))],
    ['a close with a reserved code', ({ transport }) => transport.write(rawFrame(8, Buffer.from([0x03, 0xed])))],
    ['HTTP', ({ transport }) => transport.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a reset', ({ transport }) => transport.resetAndDestroy()],
  ];
  for (const [name, flood] of floods) {
    const socket = await open(t);
    socket.webSocket.on('error', () => undefined);
    socket.transport.on('error', () => undefined);
    flood(socket);
    t.ok(await socket.closed(), name);
    await assertOthersAreServed(t);
  }
});

t.test('frames that come faster than their answers are all answered, in their order', async (t) => {
  const socket = await open(t, false);
  socket.send({ type: 'hello', token: accessToken });
  for (let nth = 0; nth < 20; nth += 1) {
    socket.send({
      type: 'subscribe',
      channel: 'seats',
      scheduleId: nth % 2 === 0 ? scheduleId : 999_999,
      id: `${nth}`,
    });
    socket.send({ type: 'unsubscribe', channel: 'seats', scheduleId, id: `${nth}` });
    socket.send({ type: 'ping' });
  }
  await waitFor(() => socket.frames.length >= 61, { what: '61 answers' });
  t.strictSame(
    socket.frames.map(({ type }) => type),
    [
      'welcome',
      ...Array.from({ length: 20 }, (_, nth) => [nth % 2 === 0 ? 'snapshot' : 'error', 'unsubscribed', 'pong']).flat(),
    ],
  );
});

t.test('sockets that vanish in the middle of their questions leave nothing behind', async (t) => {
  await Promise.all(
    Array.from({ length: 30 }, async (_, nth) => {
      const socket = await open(t, false);
      socket.webSocket.on('error', () => undefined);
      socket.send({ type: 'hello', token: nth % 3 === 0 ? shopper.queueToken : accessToken });
      socket.send({ type: 'subscribe', channel: 'seats', scheduleId });
      socket.send({ type: 'subscribe', channel: 'queue' });
      if (nth % 2 === 0) socket.transport.resetAndDestroy();
      else socket.webSocket.close();
      await socket.closed();
    }),
  );
  await waitFor(async () => (await readFigure(service.url, 'frontrow_live_sockets')) === 1, {
    what: 'only the bystander to be left',
  });
  t.equal(await readFigure(service.url, 'frontrow_live_subscriptions{channel="seats"}'), 1);
  await assertOthersAreServed(t);
});
