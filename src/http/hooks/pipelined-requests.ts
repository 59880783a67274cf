import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Node resumes a socket by itself whenever an answer has been written. */
function pauseAgain(this: Socket): void {
  this.pause();
}

/**
 * Reads a connection that pipelines in portions. libuv reads up to 2 MB of one connection before it looks at another, so
 * 12 000 small requests that arrived together took the event loop for two seconds, and all other callers waited.
 *
 * PIPELINE-1. When a request arrives before the answer to an earlier one of its connection, the connection is not read again
 *             within this turn of the event loop. The requests of the current chunk, at most 64 KiB, still begin.
 * PIPELINE-2. A caller that waits for each answer is never held back.
 */
export function spreadPipelines(server: Server): void {
  const held = new Set<Socket>();

  function release(): void {
    for (const socket of held) socket.off('resume', pauseAgain).resume();
    held.clear();
  }

  server.on('request', ({ socket }, response) => {
    // Node assigns the socket to an answer only when all earlier answers have been written.
    if (response.socket !== null || held.has(socket)) return;
    if (held.size === 0) setImmediate(release);
    held.add(socket);
    socket.on('resume', pauseAgain).pause();
  });
}
