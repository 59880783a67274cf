import { readFileSync } from 'node:fs';
import { createRandom } from '../../harness/random.ts';
import type { LoadPlan } from './plan.ts';

/** The bytes of every request of a plan, in the order in which they are sent. */
export function buildRequests(plan: LoadPlan): Buffer[] {
  const random = createRandom(plan.seed);
  const token = (): string => plan.tokens[random.below(plan.tokens.length)] ?? '';
  if (plan.work.type === 'reads') return plan.work.paths.map((path) => bodiless('GET', plan.port, path, token()));
  if (plan.work.type === 'polls') {
    const { path } = plan.work;
    return random.shuffle([...plan.tokens]).map((each) => bodiless('GET', plan.port, path, each));
  }
  if (plan.work.type === 'posts') {
    const { path, body, tokensFile, first, count } = plan.work;
    const tokens = readFileSync(tokensFile, 'latin1')
      .split('\n')
      .slice(first, first + count);
    return tokens.map((each) => post(plan.port, path, each, body));
  }
  const { path, scheduleIds, seatCount, spread } = plan.work;
  const requests: Buffer[] = [];
  for (let first = 0; first < scheduleIds.length; first += spread) {
    const seats: (readonly [scheduleId: number, seatNumber: number])[] = [];
    for (const scheduleId of scheduleIds.slice(first, first + spread)) {
      for (let seatNumber = 1; seatNumber <= seatCount; seatNumber += 1) seats.push([scheduleId, seatNumber]);
    }
    for (const [scheduleId, seatNumber] of random.shuffle(seats)) {
      const body = `{"scheduleId":${scheduleId},"seatNumber":${seatNumber}}`;
      requests.push(post(plan.port, path, token(), body));
    }
  }
  return requests;
}

/** The bytes of a request without a body. */
export function bodiless(method: 'GET' | 'DELETE', port: number, path: string, token: string): Buffer {
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${headers(port, token)}\r\n`);
}

/** The bytes of a POST; the body is ASCII. */
export function post(port: number, path: string, token: string, body: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\n${headers(port, token)}`;
  return Buffer.from(`${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
}

function headers(port: number, token: string): string {
  const authorization = token === '' ? '' : `authorization: Bearer ${token}\r\n`;
  return `host: 127.0.0.1:${port}\r\n${authorization}`;
}
