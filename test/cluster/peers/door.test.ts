import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { newNonce, writeChallenge, writeHello, writeProof } from '../../../src/cluster/peers/handshake.ts';
import { CloseCode, PEER_PATH, PROTOCOL_VERSION } from '../../../src/cluster/peers/wire.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import {
  askForChallenge,
  connectProven,
  connectRaw,
  firstPeer,
  helloOf,
  proofOf,
  startRawListener,
} from './raw-peer.ts';
import {
  countHandled,
  createKeptLog,
  DIALLER,
  LIMIT_MS,
  LISTENER,
  readMap,
  SECRET,
  seqOf,
  startDialler,
  startListener,
} from './two-nodes.ts';

const OTHER_SECRET = 'another-secret-of-enough-characters';
const COMMAND = JSON.stringify([[1, readMap()]]);

/** A listener that tells whether anything has reached its handler. */
async function startWatched(t: Test) {
  const log = createKeptLog();
  const { handle, handled } = countHandled(({ scheduleId }) => ({ outcome: 'elsewhere', owner: String(scheduleId) }));
  const { address } = await startListener(t, { handle, log });
  return { address, log, handled };
}

function openSocket(t: Test, address: string): Socket {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  return socket;
}

/** All that comes over a connection until its end, as text. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

t.test('who does not know the secret is told nothing, and what it says is not handled', async (t) => {
  const { address, log, handled } = await startWatched(t);
  const stranger = await connectRaw(t, address);
  stranger.say(proofOf(await askForChallenge(stranger), OTHER_SECRET));
  stranger.say(COMMAND);
  t.equal(await stranger.end(), CloseCode.notProven);
  t.same(stranger.heard, []);
  t.equal(handled(), 0);
  t.ok(log.warnsOf('does not know the secret'));
});

t.test('a command instead of a handshake is refused', async (t) => {
  const { address, handled } = await startWatched(t);
  for (const text of [COMMAND, 'x', '[]']) {
    const stranger = await connectRaw(t, address);
    stranger.say(text);
    t.equal(await stranger.end(), CloseCode.malformed);
  }
  const stranger = await connectRaw(t, address);
  await askForChallenge(stranger);
  stranger.say(COMMAND);
  t.equal(await stranger.end(), CloseCode.malformed);
  t.equal(handled(), 0);
});

t.test('a handshake that was recorded proves nothing a second time', async (t) => {
  const { address, handled } = await startWatched(t);
  const genuine = await connectRaw(t, address);
  const hello = helloOf();
  const proof = proofOf(await askForChallenge(genuine, hello));
  genuine.say(proof);
  t.match(await genuine.next(), /welcome/);

  const replayer = await connectRaw(t, address);
  await askForChallenge(replayer, hello);
  replayer.say(proof);
  t.equal(await replayer.end(), CloseCode.notProven);
  t.equal(handled(), 0);
});

t.test('a dialler’s proof cannot be got from the listener by asking it as a dialler, nor the reverse', async (t) => {
  const { address } = await startWatched(t);
  const reflector = await startRawListener(t, { isProving: false });
  const log = createKeptLog();
  startDialler(t, reflector.address, { log });
  const dialler = await firstPeer(reflector);
  const { nonce } = JSON.parse(await dialler.next());
  // The dialler's own nonce comes back as the challenge, and its own proof as the welcome.
  dialler.say(writeChallenge(nonce));
  const { proof } = JSON.parse(await dialler.next());
  dialler.say(writeProof('welcome', proof));
  await dialler.end();
  t.ok(log.warnsOf('could not prove'));

  const stranger = await connectRaw(t, address);
  await askForChallenge(stranger, { from: LISTENER, to: LISTENER, dialNonce: nonce });
  stranger.say(writeProof('proof', proof));
  t.equal(await stranger.end(), CloseCode.notProven);
});

t.test('a listener that cannot prove itself never gets a command', async (t) => {
  const impostor = await startRawListener(t, { isProving: false });
  const log = createKeptLog();
  const links = startDialler(t, impostor.address, { log });
  const sent = links.send(LISTENER, readMap(), LIMIT_MS);
  const dialler = await firstPeer(impostor);
  await dialler.next();
  dialler.say(writeChallenge(newNonce()));
  await dialler.next();
  dialler.say(writeProof('welcome', newNonce()));
  await dialler.end();
  t.same(await sent, { type: 'unreachable' });
  t.ok(log.warnsOf('could not prove'));
  for (const { heard } of impostor.peers) t.notMatch(heard.join(), /ReadSeatMap/);
});

t.test('a listener that is another node by now refuses whoever asks for the former', async (t) => {
  let node = 'b:2';
  const log = createKeptLog();
  const { address } = await startListener(t, { node: () => node, log });
  const dialling = createKeptLog();
  const links = startDialler(t, address, { log: dialling });
  t.same(await links.send(LISTENER, readMap(), LIMIT_MS), { type: 'unreachable' });
  t.ok(log.warnsOf('asks for another node'));
  t.ok(dialling.warnsOf('another node'));

  links.setPeers([{ node: 'b:2', address }]);
  t.equal(seqOf(await links.send('b:2', readMap(6), LIMIT_MS)), 6, 'and takes who asks for it');

  const early = await connectRaw(t, address);
  early.say(writeHello(helloOf()));
  t.equal(await early.end(), CloseCode.otherNode);
  t.same(early.heard, [], 'before it challenges anybody');

  // It becomes another one between the two messages of a dialler.
  const stranger = await connectRaw(t, address);
  const terms = await askForChallenge(stranger, helloOf({ to: 'b:2' }));
  node = 'b:3';
  stranger.say(proofOf(terms));
  t.equal(await stranger.end(), CloseCode.otherNode);
});

t.test('a dialler of another version is refused, and the log says so', async (t) => {
  const { address, log } = await startWatched(t);
  const stranger = await connectRaw(t, address);
  stranger.say(
    JSON.stringify({ type: 'hello', version: PROTOCOL_VERSION + 1, from: DIALLER, to: LISTENER, nonce: newNonce() }),
  );
  t.equal(await stranger.end(), CloseCode.otherVersion);
  t.ok(log.warnsOf(`does not speak version ${PROTOCOL_VERSION}`));

  const listener = await startRawListener(t, { isProving: false });
  const dialling = createKeptLog();
  startDialler(t, listener.address, { log: dialling });
  const dialler = await firstPeer(listener);
  dialler.socket.close(CloseCode.otherVersion);
  await waitFor(() => dialling.warnsOf(`does not speak version ${PROTOCOL_VERSION}`), {
    what: 'the line of the dialler',
  });
});

t.test('whoever connects and says nothing, or drips, is cut off within about a second', async (t) => {
  const { address } = await startWatched(t);
  const startMs = performance.now();
  const silent = openSocket(t, address);
  const dripping = openSocket(t, address);
  const drip = setInterval(() => dripping.write('G'), 20);
  t.teardown(() => clearInterval(drip));
  const upgraded = await connectRaw(t, address);
  const challenged = await connectRaw(t, address);
  challenged.say(writeHello(helloOf()));
  await Promise.all([readAll(silent), readAll(dripping), upgraded.end(), challenged.end()]);
  const tookMs = performance.now() - startMs;
  t.ok(tookMs > 900 && tookMs < 3_000, `${tookMs} ms`);
});

t.test('a dialler gives a listener that says nothing about a second', async (t) => {
  const listener = await startRawListener(t, { isProving: false });
  const log = createKeptLog();
  startDialler(t, listener.address, { log });
  const dialler = await firstPeer(listener);
  const startMs = performance.now();
  await dialler.end();
  t.ok(performance.now() - startMs > 800);
  t.ok(log.warnsOf('the handshake took too long'));
});

t.test('a thousand connections without a handshake do not keep a peer out, nor stay', async (t) => {
  const { address } = await startWatched(t);
  const sockets = Array.from({ length: 1_000 }, () => openSocket(t, address));
  let open = sockets.length;
  for (const socket of sockets) socket.on('close', () => (open -= 1));
  const links = startDialler(t, address);
  const outcome = await links.send(LISTENER, readMap(4), LIMIT_MS);
  t.same(outcome, { type: 'answered', answer: { outcome: 'elsewhere', owner: '4' } });
  await waitFor(() => open === 0, { what: 'the end of all of them' });
});

t.test('a stranger that says more than a handshake needs is cut off, on either side', async (t) => {
  // Whose time stands still, so that no other limit is at work.
  const clock = createManualClock();
  const log = createKeptLog();
  const { address } = await startListener(t, { clock, log });
  const stranger = await connectRaw(t, address);
  stranger.socket.send('x'.repeat(100_000), { fin: false });
  t.equal(await stranger.end(), 1006);
  t.notOk(log.warnsOf('handshake'), 'before it was whole');

  const listener = await startRawListener(t, { isProving: false });
  startDialler(t, listener.address, { clock });
  const dialler = await firstPeer(listener);
  dialler.socket.send('x'.repeat(100_000), { fin: false });
  t.equal(await dialler.end(), 1006);
});

t.test('connections that are reset in the middle of a handshake harm nobody', async (t) => {
  const { address } = await startWatched(t);
  const request = `GET ${PEER_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`;
  for (const length of [0, 1, 40, request.length - 1, request.length]) {
    const socket = openSocket(t, address);
    socket.write(request.slice(0, length));
    await once(socket, 'connect');
    if (length === request.length) await once(socket, 'data');
    socket.resetAndDestroy();
  }
  const hello = writeHello(helloOf());
  for (const isAnswered of [false, true]) {
    const stranger = await connectRaw(t, address);
    stranger.say(hello);
    if (isAnswered) await stranger.next();
    const [connection] = await resetOf(stranger.socket);
    t.ok(connection);
  }
  const links = startDialler(t, address);
  t.match(await links.send(LISTENER, readMap(), LIMIT_MS), { type: 'answered' });
});

/** Resets the connection below a socket. */
async function resetOf(socket: WebSocket): Promise<[boolean]> {
  const { _socket: connection } = socket as WebSocket & { readonly _socket: Socket };
  connection.resetAndDestroy();
  await once(connection, 'close');
  return [connection.destroyed];
}

t.test('other requests and other paths are refused plainly', async (t) => {
  const { address } = await startWatched(t);
  const response = await fetch(`http://${address}/`);
  t.equal(response.status, 404);
  t.equal(await response.text(), '');
  const posted = await fetch(`http://${address}${PEER_PATH}`, { method: 'POST', body: 'x'.repeat(100_000) }).catch(
    () => null,
  );
  t.ok(posted === null || posted.status === 404);

  const elsewhere = new WebSocket(`ws://${address}/live`);
  const [error] = await once(elsewhere, 'error');
  t.match(error.message, /404/);

  const garbage = openSocket(t, address);
  garbage.write('\x16\x03\x01 no HTTP at all\r\n\r\n');
  t.equal(await readAll(garbage), '');
});

t.test('a new connection of a peer ends its former one', async (t) => {
  const { address } = await startWatched(t);
  const former = await connectProven(t, address);
  const other = await connectProven(t, address, 'c:1');
  const next = await connectProven(t, address);
  t.equal(await former.end(), 1006);
  for (const peer of [next, other]) {
    peer.say(COMMAND);
    t.match(await peer.next(), /elsewhere/);
  }
});

t.test('no line of the log has the secret or what is made of it', async (t) => {
  const { address, log } = await startWatched(t);
  const dialling = createKeptLog();
  const links = startDialler(t, address, { log: dialling });
  await links.send(LISTENER, readMap(), LIMIT_MS);
  const wrong = startDialler(t, address, { secret: OTHER_SECRET, log: dialling });
  t.same(await wrong.send(LISTENER, readMap(), LIMIT_MS), { type: 'unreachable' });
  const lines = JSON.stringify([log.lines, dialling.lines]);
  t.match(lines, 'does not know');
  for (const secret of [SECRET, OTHER_SECRET]) t.notMatch(lines, secret);
  t.notMatch(lines, /[A-Za-z0-9_-]{43}/, 'neither a nonce nor a proof');
});
