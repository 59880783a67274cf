import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import t from 'tap';
import { type Answer, openConnection, parseAnswer } from '../../bench/load/connection.ts';
import { runLoad } from '../../bench/load/generator.ts';
import { createLatencies } from '../../harness/latencies.ts';
import type { LoadPlan } from '../../bench/load/plan.ts';
import { buildRequests } from '../../bench/load/requests.ts';

t.test('an answer is read whole, however it is cut', async (t) => {
  const text = 'HTTP/1.1 409 Conflict\r\ncontent-length: 21\r\nx: y\r\n\r\n{"code":"SEAT_TAKEN"}';
  for (let length = 0; length < text.length; length += 1) {
    t.equal(parseAnswer(text.slice(0, length)), null);
  }
  t.same(parseAnswer(text), { status: 409, code: 'SEAT_TAKEN', body: '{"code":"SEAT_TAKEN"}' });
});

t.test('what the HTTP parser refuses is an answer too', async (t) => {
  const text = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 22\r\n\r\n{"code":"BAD_REQUEST"}';
  t.same(parseAnswer(text), { status: 400, code: 'BAD_REQUEST', body: '{"code":"BAD_REQUEST"}' });
});

t.test('a connection that its server ends because nothing was sent on it is lost, and had no answer', async (t) => {
  const server = createTcpServer((socket) => socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const answers: Answer[] = [];
  const { promise: lost, resolve: lose } = Promise.withResolvers<Error>();
  await openConnection((server.address() as AddressInfo).port, (answer) => answers.push(answer), lose);
  t.match(await lost, /closed the connection/);
  t.same(answers, []);
});

t.test('percentiles are those of every duration', async (t) => {
  const latencies = createLatencies();
  for (let durationMs = 10_000; durationMs >= 1; durationMs -= 1) {
    latencies.add(durationMs);
  }
  t.same(latencies.summary(), { count: 10_000, p50Ms: 5_000, p95Ms: 9_500, p99Ms: 9_900, maxMs: 10_000 });
});

t.test('places are polled by everybody, each as often as the others', async (t) => {
  const tokens = Array.from({ length: 100 }, (_, index) => `fq_${index}`);
  const poll: Omit<LoadPlan, 'seed'> = {
    port: 1,
    connections: 1,
    durationMs: 1,
    tokens,
    work: { type: 'polls', path: '/place', repeat: true },
  };
  const requests = (seed: number): string[] => buildRequests({ ...poll, seed }).map(String);
  const askers = requests(1).map((request) => /^GET \/place .*Bearer (\S+)/s.exec(request)?.[1]);
  t.equal(askers.length, tokens.length);
  t.same(new Set(askers), new Set(tokens));
  t.not(askers.join(), tokens.join(), 'in no order of theirs');
  t.same(requests(1), requests(1));
  t.notSame(requests(1), requests(2));
});

t.test('a list of holds asks for every seat once and counts what is accepted and refused', async (t) => {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      asked.set(body, (asked.get(body) ?? 0) + 1);
      const taken = body.includes('"seatNumber":3}');
      const answer = taken ? '{"code":"SEAT_TAKEN"}' : '{}';
      response.writeHead(taken ? 409 : 201, { 'content-length': answer.length }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const plan: LoadPlan = {
    port: (server.address() as AddressInfo).port,
    connections: 4,
    durationMs: 30_000,
    tokens: ['fq_a', 'fq_b'],
    seed: 1,
    work: { type: 'holds', path: '/holds', scheduleIds: [1, 2, 3], seatCount: 10, spread: 2, repeat: false },
  };
  const result = await runLoad(plan, buildRequests(plan));
  t.equal(asked.size, 30);
  t.same(new Set(asked.values()), new Set([1]));
  t.match(result, { allAnswers: { 201: 27, 409: 3 }, codes: { SEAT_TAKEN: 3 }, exhausted: true, unanswered: 0 });
});

t.test('a connection that ends after its last answer takes nobody else’s with it', async (t) => {
  const server = createServer((request, response) => {
    // The second request is answered once the first one's connection is long gone.
    const answer = () => response.writeHead(200, { 'content-length': 2, connection: 'close' }).end('{}');
    setTimeout(answer, request.url === '/late' ? 300 : 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const plan: LoadPlan = {
    port: (server.address() as AddressInfo).port,
    connections: 2,
    durationMs: 30_000,
    tokens: ['fq_a'],
    seed: 1,
    work: { type: 'reads', paths: ['/soon', '/late'], repeat: false },
  };
  t.match(await runLoad(plan, buildRequests(plan)), { allAnswers: { 200: 2 }, exhausted: true, unanswered: 0 });
});
