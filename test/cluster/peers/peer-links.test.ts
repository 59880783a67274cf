import t from 'tap';
import type { Command } from '../../../src/actors/command.ts';
import type { PeerAnswer } from '../../../src/cluster/peers/peer-port.ts';
import { freePort } from '../../fixtures/free-port.ts';
import { waitFor } from '../../fixtures/wait-for.ts';
import {
  createPatientHandler,
  LIMIT_MS,
  LISTENER,
  mapOf,
  readMap,
  seqOf,
  startDialler,
  startListener,
  startPair,
  waitUntilUp,
} from './two-nodes.ts';

const USER = '0198a0a0-0000-7000-8000-000000000001';
const CLAIM = { key: '__proto__', fingerprint: '0f'.repeat(32) };

const ACT = { caller: 'root', requestId: USER, claim: CLAIM, status: 201, reason: '초대 “석”' } as const;

const EVERY_COMMAND: { readonly [T in Command['type']]: Extract<Command, { type: T }> } = {
  HoldSeats: {
    type: 'HoldSeats',
    scheduleId: 7,
    userId: USER,
    tokenId: USER,
    admittedAtMs: 1_700.5,
    seatNumbers: [3, 1, 2],
    isAccessible: true,
    claim: CLAIM,
  },
  HoldBestSeats: {
    type: 'HoldBestSeats',
    scheduleId: 7,
    userId: USER,
    tokenId: USER,
    admittedAtMs: 1_700.5,
    count: 4,
    isTogether: true,
    isAccessible: false,
    filter: { section: '1층', level: null, maxPrice: 110_000 },
    claim: CLAIM,
  },
  ExtendHolds: { type: 'ExtendHolds', scheduleId: 7, userId: USER, tokenId: USER, admittedAtMs: 1_700.5, claim: CLAIM },
  ReleaseHold: { type: 'ReleaseHold', scheduleId: 7, userId: USER, reservationId: USER },
  EndToken: { type: 'EndToken', scheduleId: 7, userId: USER, tokenId: USER, end: 'CANCELLED', heldBeforeMs: 1_700.25 },
  PayReservations: {
    type: 'PayReservations',
    scheduleId: 7,
    userId: USER,
    paymentId: USER,
    reservationIds: [USER],
    claim: null,
  },
  RefundPayment: {
    type: 'RefundPayment',
    scheduleId: 7,
    userId: USER,
    paymentId: USER,
    isByOrganiser: false,
    act: null,
    claim: CLAIM,
  },
  BlockSeats: { type: 'BlockSeats', scheduleId: 7, seatNumbers: [1, 2], act: ACT },
  UnblockSeats: { type: 'UnblockSeats', scheduleId: 7, seatNumbers: [1], act: { ...ACT, caller: USER, claim: null } },
  CompSeat: { type: 'CompSeat', scheduleId: 7, userId: USER, seatNumber: 3, paymentId: USER, act: ACT },
  MoveReservation: { type: 'MoveReservation', scheduleId: 7, reservationId: USER, seatNumber: 3, act: ACT },
  ReadSeatMap: { type: 'ReadSeatMap', scheduleId: Number.MAX_SAFE_INTEGER },
  ReloadSchedule: { type: 'ReloadSchedule', scheduleId: 7, epoch: 3 },
  WakeSchedule: { type: 'WakeSchedule', scheduleId: 7, cause: 'demand' },
};

const ANSWERS: readonly PeerAnswer[] = [
  mapOf(3),
  { outcome: 'granted', value: { alreadyPaid: USER } },
  { outcome: 'refused', rejection: { code: 'NO_BLOCK', members: { largestBlock: 2, epoch: 1, seq: 9 } } },
  { outcome: 'refused', rejection: { code: 'SEAT_TAKEN', members: { seatNumbers: [3], note: '한글' } } },
  { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'unknown' },
  { outcome: 'key-taken' },
  { outcome: 'elsewhere', owner: 'c:1' },
  { outcome: 'elsewhere', owner: null },
  { outcome: 'granted', value: { ended: 3 } },
  {
    outcome: 'granted',
    value: { scheduleId: 7, seatNumbers: [1], status: 'BLOCKED', changed: [], epoch: 1, seq: 2 },
  },
  { outcome: 'refused', rejection: { code: 'SEAT_NOT_FOUND', members: {} } },
  { outcome: 'refused', rejection: { code: 'RESERVATION_NOT_HELD', members: { status: 'REFUNDED' } } },
  { outcome: 'refused', rejection: { code: 'SEAT_TAKEN', members: { seatNumbers: [1, 2] } } },
  { outcome: 'refused', rejection: { code: 'EXTENSION_LIMIT_REACHED', members: { seatNumbers: [3] } } },
];

t.test('every command reaches the peer as it was sent, and every answer comes back as it was given', async (t) => {
  const heard: Command[] = [];
  const answers = [...ANSWERS];
  const { links } = await startPair(t, (command) => {
    heard.push(command);
    return answers.shift() ?? { outcome: 'key-taken' };
  });
  const commands = Object.values(EVERY_COMMAND);
  const outcomes = await Promise.all(commands.map((command) => links.send(LISTENER, command, LIMIT_MS)));
  t.same(heard, commands, 'in the order in which they were sent');
  t.same(
    outcomes,
    ANSWERS.map((answer) => ({ type: 'answered', answer })),
  );
});

t.test('an answer finds its command, whenever it is given', async (t) => {
  const { waiting, handle } = createPatientHandler();
  const { links } = await startPair(t, handle);
  const sent = [1, 2, 3].map((scheduleId) => links.send(LISTENER, readMap(scheduleId), LIMIT_MS));
  await waitFor(() => waiting.length === 3, { what: 'three commands' });
  t.match(links.measure(), [{ peer: LISTENER, isUp: true, inFlight: 3 }]);
  for (const { command, give } of waiting.toReversed()) give(mapOf(command.scheduleId));
  t.same((await Promise.all(sent)).map(seqOf), [1, 2, 3]);
  t.match(links.measure(), [{ inFlight: 0 }]);
});

t.test('a command to a node that is no peer is unreachable at once', async (t) => {
  const links = startDialler(t, '127.0.0.1:1');
  t.same(await links.send('c:1', readMap(), LIMIT_MS), { type: 'unreachable' });
});

t.test('a command waits for the link, about a second', async (t) => {
  const port = await freePort();
  const links = startDialler(t, `127.0.0.1:${port}`);
  const early = links.send(LISTENER, readMap(5), LIMIT_MS);
  await startListener(t, { port });
  t.equal(seqOf(await early), 5);

  links.setPeers([{ node: LISTENER, address: `127.0.0.1:${await freePort()}` }]);
  const startMs = performance.now();
  t.same(await links.send(LISTENER, readMap(), LIMIT_MS), { type: 'unreachable' });
  const waitedMs = performance.now() - startMs;
  t.ok(waitedMs > 900 && waitedMs < 3_000, `${waitedMs} ms`);
});

t.test('whoever is no peer any more is dropped, and what was under way there is lost', async (t) => {
  const { waiting, handle } = createPatientHandler();
  const { server, links } = await startPair(t, handle);
  const sent = links.send(LISTENER, readMap(), LIMIT_MS);
  await waitFor(() => waiting.length === 1, { what: 'the command' });
  links.setPeers([{ node: LISTENER, address: server.address }]);
  t.match(links.measure(), [{ isUp: true, inFlight: 1 }], 'the same peers again change nothing');
  links.setPeers([]);
  t.same(await sent, { type: 'lost' });
  t.same(links.measure(), []);
  t.same(await links.send(LISTENER, readMap(), LIMIT_MS), { type: 'unreachable' });
});

t.test('what a handler throws or rejects with is a bug, told to the peer as a failure of unknown effect', async (t) => {
  const { links } = await startPair(t, ({ scheduleId }) => {
    if (scheduleId === 1) throw new Error('thrown');
    return Promise.reject(new Error('rejected'));
  });
  const failed = { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'unknown' };
  for (const scheduleId of [1, 2]) {
    const outcome = await links.send(LISTENER, readMap(scheduleId), LIMIT_MS);
    t.same(outcome, { type: 'answered', answer: failed });
  }
});

t.test('closed links leave nothing behind', async (t) => {
  const { server, links } = await startPair(t, createPatientHandler().handle);
  await waitUntilUp(links);
  const sent = links.send(LISTENER, readMap(), LIMIT_MS);
  await links.close();
  t.match(await sent, { type: /unreachable|lost/ });
  t.same(links.measure(), []);
  t.same(await links.send(LISTENER, readMap(), LIMIT_MS), { type: 'unreachable' });
  links.setPeers([{ node: LISTENER, address: server.address }]);
  t.same(links.measure(), [], 'and know nobody again');
});
