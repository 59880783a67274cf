/** The process of the waiting people, who receive their places; see `LineCalls`. */
import { setTimeout as pause } from 'node:timers/promises';
import { asObject, readText } from '../../harness/json.ts';
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import { serveCalls } from '../../harness/process/serve-calls.ts';
import { createFrameDialler } from './frame-connection.ts';
import type { LineCalls } from './line-calls.ts';

const DIALLED_AT_ONCE = 100;
const LOOK_EVERY_MS = 5;
const FAULTS_KEPT = 20;
const TOKEN_ENDED = 4401;

const nowMs = createMachineClock();
const dial = createFrameDialler();
const admittedMs = new Map<string, number>();
const faults: string[] = [];
let frames = 0;

async function wait(port: number, path: string, token: string): Promise<void> {
  let knowsPlace: () => void = () => undefined;
  const place = new Promise<void>((resolve) => {
    knowsPlace = resolve;
  });
  const connection = await dial(port, path, {
    onText(payload) {
      const frame = asObject(JSON.parse(payload.toString()));
      const type = readText(frame, 'type');
      if (type === 'error') noteFault(`an error came: ${JSON.stringify(frame)}`);
      if (type !== 'queue') return;
      frames += 1;
      if (frame['status'] === 'ACTIVE' && !admittedMs.has(token)) admittedMs.set(token, nowMs());
      knowsPlace();
    },
    onClosed(code) {
      // An admitted person leaves after a while; the service ends the token and closes the socket.
      if (code !== TOKEN_ENDED || !admittedMs.has(token)) noteFault(`the service closed with ${code}`);
    },
  });
  connection.send(JSON.stringify({ type: 'hello', token }));
  connection.send(JSON.stringify({ type: 'subscribe', channel: 'queue' }));
  await place;
}

function noteFault(fault: string): void {
  if (faults.length < FAULTS_KEPT) faults.push(fault);
}

const calls: LineCalls = {
  async open({ port, path, tokens }) {
    const beganMs = nowMs();
    for (let first = 0; first < tokens.length; first += DIALLED_AT_ONCE) {
      await Promise.all(tokens.slice(first, first + DIALLED_AT_ONCE).map((token) => wait(port, path, token)));
    }
    return { openedMs: nowMs() - beganMs };
  },
  async admitted({ token, limitMs }) {
    const deadlineMs = nowMs() + limitMs;
    while (!admittedMs.has(token) && nowMs() < deadlineMs) await pause(LOOK_EVERY_MS);
    return { atMs: admittedMs.get(token) ?? null };
  },
  frames: async () => ({ frames, faults }),
};

serveCalls(calls);
