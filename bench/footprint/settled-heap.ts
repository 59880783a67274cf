import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { asObject, readInteger, readText } from '../../harness/json.ts';
import { residentBytes } from '../../harness/machine/memory.ts';

export interface SettledMemory {
  /** What JavaScript keeps, after a full collection of garbage. */
  readonly heapBytes: number;
  /** What the process has of the machine's memory; it does not shrink at once. */
  readonly residentBytes: number;
}

/** Ephemera of the load, such as its connections' ends, are gone after this long. */
const SETTLE_MS = 1_000;

/** Asks a Node process that was started with `--inspect=127.0.0.1:port` to collect its garbage, and reads what is left. */
export async function readSettledMemory(inspectPort: number, processId: number): Promise<SettledMemory> {
  await pause(SETTLE_MS);
  const targets: unknown = await (await fetch(`http://127.0.0.1:${inspectPort}/json/list`)).json();
  const target = asObject(Array.isArray(targets) ? targets[0] : null);
  const socket = new WebSocket(readText(target, 'webSocketDebuggerUrl'));
  await once(socket, 'open');
  let lastId = 0;
  async function ask(method: string) {
    lastId += 1;
    socket.send(JSON.stringify({ id: lastId, method }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    return asObject(asObject(JSON.parse(data.toString()))['result']);
  }
  try {
    // The second takes what finalisers of the first let go.
    await ask('HeapProfiler.collectGarbage');
    await ask('HeapProfiler.collectGarbage');
    const heapBytes = readInteger(await ask('Runtime.getHeapUsage'), 'usedSize');
    return { heapBytes, residentBytes: residentBytes(processId) };
  } finally {
    socket.close();
  }
}
