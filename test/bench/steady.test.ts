import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { createRandom } from '../../harness/random.ts';
import { measureStretch } from '../../bench/rolling/stretch.ts';
import type { Outcome, SteadyOrder } from '../../bench/steady/steady-calls.ts';
import { createSteadyLoad } from '../../bench/steady/steady-load.ts';
import { createSteadySeats } from '../../bench/steady/steady-seats.ts';
import { hasFailed, quantile, readRequests } from '../../bench/steady/timeline.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const ID = '018f0000-0000-7000-8000-000000000000';

interface Reply {
  readonly status: number;
  readonly body: string;
}

/** A service that answers as it is told. */
async function serve(t: Test, answer: (request: IncomingMessage) => Promise<Reply>): Promise<number> {
  const server = createServer((request, response) => {
    request.resume();
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-length': body.length }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function orderFor(port: number, more: Partial<SteadyOrder> = {}): SteadyOrder {
  return {
    ports: [port],
    connectionsPerPort: 2,
    scheduleIds: [7, 8],
    seatCount: 10,
    tokens: ['fq_a'],
    requestsPerSecond: 200,
    seed: 1,
    ...more,
  };
}

t.test('a service that stands still is waited for by what was due meanwhile', async (t) => {
  let wake: () => void = () => undefined;
  const awake = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const port = await serve(t, async ({ method }) => {
    await awake;
    return { status: method === 'POST' ? 201 : 200, body: `{"reservationId":"${ID}"}` };
  });
  const beganMs = performance.now();
  const load = createSteadyLoad(orderFor(port), () => performance.now());
  await waitFor(() => performance.now() - beganMs > 300, { what: 'a pause of the service' });
  wake();
  await waitFor(() => performance.now() - beganMs > 400, { what: 'the service to go on' });
  const { records, refusals } = await load.stop();
  const requests = readRequests([records]);
  t.same(refusals, {});
  const waited = requests.filter(({ dueMs, doneMs }) => doneMs - dueMs > 150);
  t.ok(waited.length >= 20, `${waited.length} of ${requests.length} requests waited, though only two were sent`);
});

t.test('what became of requests is told apart, and a lost connection is made anew', async (t) => {
  const replies: (Reply | null)[] = [
    { status: 409, body: '{"code":"SEAT_TAKEN"}' },
    { status: 503, body: '{"code":"OWNER_UNAVAILABLE","outcome":"none"}' },
    { status: 503, body: '{"code":"OWNER_UNAVAILABLE","outcome":"unknown"}' },
    null,
    { status: 404, body: '{"code":"SEAT_NOT_FOUND"}' },
  ];
  const port = await serve(t, async (request) => {
    const reply = replies.shift();
    if (reply === null) request.socket.destroy();
    return reply ?? { status: request.method === 'POST' ? 201 : 200, body: `{"reservationId":"${ID}"}` };
  });
  const load = createSteadyLoad(orderFor(port, { connectionsPerPort: 1 }), () => performance.now());
  const seen: Outcome[] = [];
  await waitFor(
    () => {
      seen.push(...readRequests([load.take()]).map(({ outcome }) => outcome));
      return seen.length > 8;
    },
    { what: 'nine answers' },
  );
  const end = await load.stop();
  t.same(seen.slice(0, 6), ['refused', 'none', 'unknown', 'lost', 'strange', 'held']);
  t.match(end.refusals, { '409 SEAT_TAKEN': 1, '503 OWNER_UNAVAILABLE': 2, lost: 1, '404 SEAT_NOT_FOUND': 1 });
  t.equal(end.samples.length, 5);
});

t.test('the records name the change that each answer reports', async (t) => {
  let seq = 0;
  const port = await serve(t, async ({ method }) => {
    seq += 1;
    // Every third request is refused: a refusal names the last change, but is none.
    if (seq % 3 === 0) return { status: 409, body: `{"code":"SEAT_TAKEN","seq":${seq}}` };
    return { status: method === 'POST' ? 201 : 200, body: `{"reservationId":"${ID}","epoch":1,"seq":${seq}}` };
  });
  const load = createSteadyLoad(orderFor(port, { connectionsPerPort: 1 }), () => performance.now());
  const seen: number[] = [];
  await waitFor(
    () => {
      seen.push(...readRequests([load.take()]).map((request) => request.seq));
      return seen.length >= 6;
    },
    { what: 'six answers' },
  );
  await load.stop();
  t.same(seen.slice(0, 6), [1, 2, 0, 4, 5, 0]);
});

t.test('in a closed loop every connection asks again at once', async (t) => {
  let isOver = false;
  let asked: (() => void)[] = [];
  const port = await serve(t, async ({ method }) => {
    await new Promise<void>((resolve) => {
      asked.push(resolve);
      // Nobody is answered before all three have asked.
      if (asked.length < 3 && !isOver) return;
      for (const answer of asked) answer();
      asked = [];
    });
    return { status: method === 'POST' ? 201 : 200, body: `{"reservationId":"${ID}"}` };
  });
  const order = orderFor(port, { connectionsPerPort: 3, requestsPerSecond: null });
  const load = createSteadyLoad(order, () => performance.now());
  let answered = 0;
  await waitFor(() => (answered += load.take().dueMs.length) > 100, { what: 'a hundred answers' });
  isOver = true;
  for (const answer of asked) answer();
  const { skipped } = await load.stop();
  t.equal(skipped, 0);
});

t.test('a seat in doubt stays with its holder until somebody says what it is', (t) => {
  const seats = createSteadySeats({ seatCount: 1, tokens: ['fq_a'], random: createRandom(1) });
  const first = seats.next();
  t.match(first, { type: 'hold', seatNumber: 1, token: 'fq_a' });
  t.equal(seats.next(), null, 'nobody else asks for it');
  if (first !== null) seats.settle(first, 'lost', null);
  const again = seats.next();
  t.match(again, { type: 'hold', seatNumber: 1, token: 'fq_a' });
  if (again !== null) seats.settle(again, 'none', null);
  const third = seats.next();
  t.match(third, { type: 'hold', isDoubted: true }, 'that nothing was done now does not say what was done then');
  if (third !== null) seats.settle(third, 'held', ID);
  t.same(seats.heldIds(), [ID]);
  t.match(seats.next(), { type: 'release', reservationId: ID });
  t.end();
});

t.test('pauses and gaps are those of the worst moment of each schedule', (t) => {
  const request = (schedule: number, dueMs: number, doneMs: number, outcome: Outcome = 'held') => ({
    schedule,
    dueMs,
    doneMs,
    outcome,
    seq: 0,
  });
  const requests = [
    request(0, 0, 5_000),
    request(0, 110, 120),
    request(0, 150, 155, 'none'),
    request(1, 160, 165),
    request(1, 170, 175, 'refused'),
    request(0, 200, 420),
    request(1, 260, 270),
  ];
  const stretch = measureStretch(requests, 2, { name: 'a stretch', fromMs: 100, toMs: 300 });
  t.same(stretch.pausesMs, [220, 10]);
  t.same(stretch.gapsMs, [300, 105]);
  t.same(stretch.failures, { none: 1, refused: 1 });
  t.equal(requests.filter(hasFailed).length, 1);
  t.equal(quantile([3, 1, 2], 0.99), 3);
  t.end();
});
