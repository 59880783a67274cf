/** The rules that both ends of a peer link follow. */
import type { Duplex } from 'node:stream';

/** Raised with every change of the messages on a link, including new commands. Nodes of different versions refuse each other. */
export const PROTOCOL_VERSION = 11;

/** The path of peer links; the server refuses all others. */
export const PEER_PATH = '/peer';

/** The longest accepted frame. A map of the largest hall, 500 seats, has about 90 KiB. */
export const FRAME_LIMIT_BYTES = 1_024 * 1_024;

/** The time limit of a handshake, from the connection on. */
export const HANDSHAKE_LIMIT_MS = 1_000;

/** The most bytes from a connection before its handshake is complete; a handshake has less than 1 KiB. */
const STRANGER_LIMIT_BYTES = 4_096;

/** The close codes of the WebSocket; those from 4000 on are this protocol's own. */
export const CloseCode = {
  /** All accepted commands are answered; a command without an answer was not accepted. */
  goodbye: 1001,
  tooMany: 1013,
  malformed: 4400,
  notProven: 4401,
  otherNode: 4404,
  otherVersion: 4426,
} as const;

/** The options of every socket of a link. The library's types lack some of them. */
export const SOCKET_OPTIONS = {
  maxPayload: FRAME_LIMIT_BYTES,
  /** Nodes send unfragmented frames. */
  maxFragments: 16,
  /** The most unsent answers to the pings of a peer that does not read. */
  maxPendingAutoPongs: 16,
  perMessageDeflate: false,
  /** The time for the other end to answer a close. */
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
