import type { Duplex } from 'node:stream';
import { STRANGER_LIMIT_BYTES } from './wire.ts';

/** Cuts the connection off when more comes over it than a handshake has. The returned function ends the watch. */
export function limitStrangerBytes(connection: Duplex): () => void {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > STRANGER_LIMIT_BYTES) connection.destroy();
  };
  connection.on('data', count);
  return () => connection.off('data', count);
}
