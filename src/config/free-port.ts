import { once } from 'node:events';
import { createServer } from 'node:net';

/** Throws the system's error, mostly EADDRINUSE, when this process cannot listen there now. Port 0 is always free. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const probe = createServer().listen(port, host);
  await once(probe, 'listening');
  const closed = once(probe, 'close');
  probe.close();
  await closed;
}
