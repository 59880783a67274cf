import { createServer } from 'node:net';

/**
 * Below what systems hand out for outgoing connections. A server that is killed and restarted must find its port free; and
 * a client that dials a free port of the system's range may get that very port as its own, and connect to itself.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 31_999;
const ATTEMPTS_MOST = 100;

/** This process gives no port twice, even if no server listens on it yet. */
const given = new Set<number>();

/** A port of 127.0.0.1 that stays free for a server that restarts. */
export async function findStablePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MOST; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error(`There is no free port between ${FIRST_PORT} and ${LAST_PORT}.`);
}

/** Whether a server can listen on a port now. */
export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
