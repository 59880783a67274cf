import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

/** What a scripted server does with one request. `cut`: breaks the connection once it has the request. */
export type Step =
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: unknown;
      readonly text?: string;
    }
  | 'cut'
  | 'silence';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
}

/** An HTTP server that goes through `steps`, one for each request, and stays with the last of them. */
export async function startScriptedServer(t: Test, steps: readonly Step[]): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const key = headers['idempotency-key'];
      const step = steps[Math.min(seen.length, steps.length - 1)] ?? 'silence';
      seen.push({ method, path, key: typeof key === 'string' ? key : undefined, headers, body });
      play(step, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function play(step: Step, response: ServerResponse): void {
  if (step === 'silence') return;
  if (step === 'cut') {
    response.destroy();
    return;
  }
  const text = step.text ?? (step.body === undefined ? '' : JSON.stringify(step.body));
  response.writeHead(step.status, { 'content-type': 'application/json', ...step.headers }).end(text);
}

/** A problem document as the service writes it. */
export function problem(status: number, code: string, members: Record<string, unknown> = {}): Exclude<Step, string> {
  const instance = 'urn:uuid:00000000-0000-4000-8000-000000000000';
  return { status, body: { type: 'urn:x', title: 'T', status, code, detail: 'D', instance, ...members } };
}
