import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { asObject, readInteger } from '../../harness/json.ts';
import { createMachineClock } from '../../harness/machine/monotonic-clock.ts';
import { processCpuUs } from '../../harness/machine/cpu-time.ts';
import { findFreePort, startServer } from '../../harness/service/server-process.ts';
import type { CrowdFigures } from '../watchers/crowd-calls.ts';
import type { HallPhase } from './phase.ts';
import type { Crowd } from './hall.ts';

/** The measured stretch of the bare broadcast. */
export interface BroadcastPhase {
  readonly watchers: number;
  readonly seconds: number;
  readonly crowd: CrowdFigures;
  readonly serverCpuUs: number;
  readonly crowdCpuUs: number;
  readonly faults: readonly string[];
}

/** When a broadcast is later than this against its recording, the comparison is invalid. */
const LATE_MOST_MS = 3_000;
const BROADCAST_SERVER = fileURLToPath(new URL('../rivals/broadcast-server.ts', import.meta.url));
const NO_REPLIES = new Float64Array(0);

const nowMs = createMachineClock();

/** Sends the frames of the service to as many watchers at the same times, from a bare `ws` server. */
export async function runBroadcastPhase(name: string, recorded: HallPhase, crowd: Crowd): Promise<BroadcastPhase> {
  // Each watcher has its own map; the broadcast begins after it.
  const frames = recorded.recording.slice(1);
  const directory = mkdtempSync(join(tmpdir(), 'frontrow-recording-'));
  const file = join(directory, 'frames.json');
  writeFileSync(file, JSON.stringify({ frames }));
  const server = await startServer({
    command: [BROADCAST_SERVER],
    port: await findFreePort(),
    env: { RECORDING: file },
    readyPath: '/',
  });
  try {
    const { watchers } = recorded;
    const silent = { tokens: [], scheduleId: null, stuck: 0, reconnects: false, seed: 0 };
    await crowd.call('open', { port: server.port, path: '/live', watchers, ...silent });
    await fetch(`${server.url}/play`, { method: 'POST' });
    const shiftMs = nowMs() - (frames[0]?.atMs ?? 0);
    await pause(recorded.fromMs + shiftMs - nowMs());
    const read = () => ({
      atMs: nowMs(),
      serverUs: processCpuUs(server.processId),
      crowdUs: processCpuUs(crowd.processId),
    });
    const before = read();
    await pause(recorded.toMs + shiftMs - nowMs());
    const after = read();
    const seq = readInteger(asObject(JSON.parse(frames.at(-1)?.text ?? '{}')), 'seq');
    const { behind } = await crowd.call('settle', { seq, limitMs: LATE_MOST_MS });
    return {
      watchers,
      seconds: (after.atMs - before.atMs) / 1_000,
      crowd: await crowd.call('measure', { fromMs: before.atMs, toMs: after.atMs, replies: NO_REPLIES }),
      serverCpuUs: after.serverUs - before.serverUs,
      crowdCpuUs: after.crowdUs - before.crowdUs,
      faults: behind === 0 ? [] : [`${name}: ${behind} watchers did not receive everything`],
    };
  } finally {
    await crowd.call('close', {});
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
