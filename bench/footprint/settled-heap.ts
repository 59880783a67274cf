import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { asObject, readInteger, readText } from '../../harness/json.ts';
import { residentBytes } from '../../harness/machine/memory.ts';

export interface SettledMemory {
  /** The JavaScript heap after a full garbage collection. */
  readonly heapBytes: number;
  /** Resident memory of the process; it does not shrink at once. */
  readonly residentBytes: number;
}

/** The service has closed the connections of the load by then. */
const SETTLE_MS = 1_000;

/** Makes a Node process that runs with `--inspect=127.0.0.1:port` collect its garbage, and reads its memory. */
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
    // The second collection frees the objects that finalisers of the first released.
    await ask('HeapProfiler.collectGarbage');
    await ask('HeapProfiler.collectGarbage');
    const heapBytes = readInteger(await ask('Runtime.getHeapUsage'), 'usedSize');
    return { heapBytes, residentBytes: residentBytes(processId) };
  } finally {
    socket.close();
  }
}
