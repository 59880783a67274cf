/**
 * A bare broadcast in a process of its own: `node bench/rivals/broadcast-server.ts`, with PORT and RECORDING, a file of
 * frames and their times. Every connection to `/live` receives them; `POST /play` begins. The server checks and remembers
 * nothing: this is the cost of `ws`, and no service can cost less with it.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { asObject, readObjects, readText } from '../../harness/json.ts';

interface Due {
  readonly atMs: number;
  readonly data: Buffer;
}

const recorded = readObjects(asObject(JSON.parse(readFileSync(process.env['RECORDING'] ?? '', 'utf8'))), 'frames');
const firstMs = Number(recorded[0]?.['atMs'] ?? 0);
const frames: readonly Due[] = recorded.map((frame) => ({
  atMs: Number(frame['atMs']) - firstMs,
  data: Buffer.from(readText(frame, 'text')),
}));

const http = createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/play') play();
  response.end('ok');
});
const broadcast = new WebSocketServer({ server: http, path: '/live', perMessageDeflate: false });
broadcast.on('connection', (socket) => socket.on('error', () => socket.terminate()));

function play(): void {
  const beganMs = performance.now();
  let next = 0;
  const sendDue = (): void => {
    for (let due = frames[next]; due !== undefined; due = frames[next]) {
      const waitMs = beganMs + due.atMs - performance.now();
      if (waitMs > 0) {
        setTimeout(sendDue, waitMs);
        return;
      }
      next += 1;
      for (const client of broadcast.clients) client.send(due.data, { binary: false });
    }
  };
  sendDue();
}

http.listen(Number(process.env['PORT']), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
