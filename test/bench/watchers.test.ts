import t from 'tap';
import { findFrame } from '../../bench/watchers/frame-connection.ts';
import { createFrameStore } from '../../bench/watchers/frame-store.ts';
import { measureCrowd } from '../../bench/watchers/figures.ts';
import { createWatcher, type Watcher } from '../../bench/watchers/watcher.ts';

const TEXT = 0x81;

t.test('frames are found at every length, and not before they are whole', async (t) => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const head =
      length < 126
        ? [TEXT, length]
        : length < 65_536
          ? [TEXT, 126, length >> 8, length & 0xff]
          : [TEXT, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
    const bytes = Buffer.concat([Buffer.from('x'), Buffer.from(head), Buffer.alloc(length, 'a')]);
    t.same(findFrame(bytes, 1), { opcode: 1, start: 1 + head.length, end: bytes.length });
    t.equal(findFrame(bytes.subarray(0, -1), 1), null, `${length} without its last byte`);
  }
  t.throws(() => findFrame(Buffer.from([0x01, 0]), 0), 'no piece of a message is taken for the whole');
  t.throws(() => findFrame(Buffer.from([TEXT, 0x80]), 0), 'no masked frame is taken');
});

const snapshot = { type: 'snapshot', seq: 4, seats: [{ seatNumber: 1, status: 'AVAILABLE', price: 1 }] };
const delta = (fromSeq: number, seq: number, status: string) => ({
  type: 'delta',
  fromSeq,
  seq,
  changes: [{ seatNumber: 1, status, ...(status === 'HELD' ? { heldUntil: 'then' } : {}) }],
});

/** A watcher without a network, and what it was told to note. */
async function openWatcher() {
  const faults: string[] = [];
  const frames = createFrameStore();
  let nowMs = 0;
  let hear: (payload: Buffer) => void = () => undefined;
  const send = (atMs: number, frame: object): void => {
    nowMs = atMs;
    hear(Buffer.from(JSON.stringify(frame)));
  };
  const watcher: Watcher = createWatcher(
    { path: '/', token: 'token', scheduleId: 7, reconnects: false },
    {
      dial: async (_path, listener) => {
        hear = (payload) => listener.onText(payload);
        return {
          send: () => undefined,
          stopReading: () => undefined,
          readAgain: () => undefined,
          destroy: () => undefined,
        };
      },
      frames,
      nowMs: () => nowMs,
      random: () => 0,
      noteFault: (fault) => faults.push(fault),
    },
  );
  const opening = watcher.open();
  await Promise.resolve();
  send(100, snapshot);
  await opening;
  return { watcher, frames, faults, send };
}

t.test('a change is as old at a watcher as the frame that shows it is younger than its reply', async (t) => {
  const { watcher, frames, faults, send } = await openWatcher();
  send(1_060, delta(5, 6, 'HELD'));
  send(1_130, delta(7, 7, 'AVAILABLE'));
  t.same(watcher.map()[1], 'AVAILABLE ');
  t.same(faults, []);
  const replies = Float64Array.from([5, 1_000, 6, 1_050, 7, 1_100, 4, 50]);
  const figures = measureCrowd([watcher], frames, { fromMs: 900, toMs: 2_000, replies });
  t.equal(figures.frames, 2);
  t.equal(figures.pairs, 3, 'a change from before the time is not counted');
  t.equal(figures.p50Ms, 30);
  t.equal(figures.maxMs, 60);
});

t.test('a delta that leaves a gap, and an error, are faults', async (t) => {
  const { faults, send } = await openWatcher();
  send(110, delta(6, 6, 'HELD'));
  send(120, { type: 'error', code: 'RATE_LIMITED', detail: '' });
  t.match(faults, [/a delta 6–6 came after 4/, /RATE_LIMITED/]);
});
