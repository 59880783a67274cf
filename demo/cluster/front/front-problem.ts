import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';

/** What the front says of its own accord. `effect`: whether anything was done, as the service's own 503 says it. */
const PROBLEMS = {
  NO_NODE_READY: { status: 503, effect: 'none', detail: 'No node is ready to serve; ask again.' },
  NODE_LOST: {
    status: 502,
    effect: 'unknown',
    detail: 'The node was lost before it had answered; ask again with the same Idempotency-Key.',
  },
  NODE_SILENT: {
    status: 504,
    effect: 'unknown',
    detail: 'The node did not answer in time; ask again with the same Idempotency-Key.',
  },
} as const;

export type FrontProblem = keyof typeof PROBLEMS;

const RETRY_AFTER_SECONDS = '1';

function describe(problem: FrontProblem): { status: number; headers: Record<string, string>; body: string } {
  const { status, effect, detail } = PROBLEMS[problem];
  const body = JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    code: problem,
    detail,
    instance: `urn:uuid:${randomUUID()}`,
    outcome: effect,
  });
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    'retry-after': RETRY_AFTER_SECONDS,
  };
  return { status, headers, body };
}

/** Answers with a problem in the service's own form. */
export function sendProblem(outgoing: ServerResponse, problem: FrontProblem): void {
  const { status, headers, body } = describe(problem);
  outgoing.writeHead(status, headers).end(body);
}

/** The same as bytes, for an upgrade, whose socket Node hands over without an answer object. */
export function problemBytes(problem: FrontProblem): string {
  const { status, headers, body } = describe(problem);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}
