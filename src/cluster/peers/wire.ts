/** The rules that both ends of a peer link follow. */
import type { Duplex } from 'node:stream';

/** Raised with every change of what is said or meant on a link, a new command among it: nodes of different versions do not talk. */
export const PROTOCOL_VERSION = 2;

/** Where peer links are taken; everything else on that port is refused. */
export const PEER_PATH = '/peer';

/** The longest frame that is read. A map of the largest hall, 500 seats, has about 90 KiB. */
export const FRAME_LIMIT_BYTES = 1_024 * 1_024;

/** Both sides' patience with a handshake, from the connection on. */
export const HANDSHAKE_LIMIT_MS = 1_000;

/** What may come over a connection before it has proven itself; a whole handshake has less than 1 KiB. */
const STRANGER_LIMIT_BYTES = 4_096;

/** Codes with which one end closes the WebSocket; those from 4000 on are this protocol's own. */
export const CloseCode = {
  /** Everything that was taken is answered; what has no answer was not taken. */
  goodbye: 1001,
  tooMany: 1013,
  malformed: 4400,
  notProven: 4401,
  otherNode: 4404,
  otherVersion: 4426,
} as const;

/** Limits and habits of every socket of a link. The library's types do not know all of them. */
export const SOCKET_OPTIONS = {
  maxPayload: FRAME_LIMIT_BYTES,
  /** Frames are sent whole. */
  maxFragments: 16,
  /** Answers to pings of a peer that reads nothing. */
  maxPendingAutoPongs: 16,
  perMessageDeflate: false,
  /** How long the library waits for the other end to answer a close. */
  closeTimeout: 500,
};

/** Cuts a connection off when it carries more than a handshake has. The returned function ends the watch. */
export function limitStrangerBytes(connection: Duplex): () => void {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > STRANGER_LIMIT_BYTES) connection.destroy();
  };
  connection.on('data', count);
  return () => connection.off('data', count);
}
