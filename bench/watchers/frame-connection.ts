import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/**
 * The client's end of a WebSocket. It reads only frames that a server may send: unmasked frames in one piece. It
 * does nothing else, because on two cores the CPU of thousands of watchers is missing for the server under
 * measurement. It answers pings, as every client must.
 */
export interface FrameConnection {
  send(text: string): void;
  /** Reads nothing from now on, not even a close. */
  stopReading(): void;
  readAgain(): void;
  /** Breaks the connection; `onClosed` is not called. */
  destroy(): void;
}

export interface FrameListener {
  /** The payload of a text frame; it is valid until this returns. */
  onText(payload: Buffer): void;
  /** Once, with the code of the close frame; null where the connection broke without one. */
  onClosed(code: number | null): void;
}

const READ_BUFFER_BYTES = 65_536;
const HEAD_END = '\r\n\r\n';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const FINAL = 0x80;
const MASKED = 0x80;
const EMPTY = Buffer.alloc(0);

/** All connections of a process read into one buffer, one after the other. */
export function createFrameDialler(): (
  port: number,
  path: string,
  listener: FrameListener,
) => Promise<FrameConnection> {
  const readBuffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
  return (port, path, listener) =>
    new Promise((resolve, reject) => {
      let isOpen = false;
      let isOver = false;
      let closeCode: number | null = null;
      let carried: Buffer = EMPTY;
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: readBuffer,
          callback(length) {
            if (!isOver) read(readBuffer.subarray(0, length));
            return true;
          },
        },
      });
      const end = (reason: Error): void => {
        if (isOver) return;
        isOver = true;
        socket.destroy();
        if (isOpen) listener.onClosed(closeCode);
        else reject(reason);
      };
      const write = (opcode: number, payload: Buffer): void => void socket.write(maskedFrame(opcode, payload));
      const connection: FrameConnection = {
        send: (text) => write(TEXT, Buffer.from(text)),
        stopReading: () => void socket.pause(),
        readAgain: () => void socket.resume(),
        destroy() {
          isOver = true;
          socket.destroy();
        },
      };

      function read(chunk: Buffer): void {
        const bytes = carried.length === 0 ? chunk : Buffer.concat([carried, chunk]);
        let at = 0;
        if (!isOpen) {
          at = readUpgrade(bytes);
          if (at === 0) {
            carried = Buffer.from(bytes);
            return;
          }
        }
        for (;;) {
          const frame = findFrame(bytes, at);
          if (frame === null || isOver) break;
          at = frame.end;
          take(frame.opcode, bytes.subarray(frame.start, frame.end));
        }
        // The rest is in the shared buffer, which the next connection overwrites.
        carried = at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at));
      }

      /** Where the frames begin; 0 while the answer is incomplete. */
      function readUpgrade(bytes: Buffer): number {
        const headEnd = bytes.indexOf(HEAD_END);
        if (headEnd < 0) return 0;
        const status = bytes.toString('latin1', 9, 12);
        if (status !== '101') {
          end(new Error(`The upgrade was answered with ${status}.`));
          return bytes.length;
        }
        isOpen = true;
        resolve(connection);
        return headEnd + HEAD_END.length;
      }

      function take(opcode: number, payload: Buffer): void {
        if (opcode === TEXT) listener.onText(payload);
        else if (opcode === PING) write(PONG, payload);
        else if (opcode === CLOSE) {
          closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
          write(CLOSE, payload.subarray(0, 2));
        }
      }

      socket.on('error', end);
      socket.on('close', () => end(new Error('The server closed the connection.')));
      socket.on('end', () => end(new Error('The server ended the connection.')));
      socket.on('connect', () => {
        const key = randomBytes(16).toString('base64');
        socket.write(
          `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
            `sec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
        );
      });
    });
}

/** The frame that begins at `at`, or null while it is incomplete. Throws on a frame that no server may send. */
export function findFrame(bytes: Buffer, at: number): { opcode: number; start: number; end: number } | null {
  if (bytes.length < at + 2) return null;
  const first = bytes[at] ?? 0;
  const short = bytes[at + 1] ?? 0;
  if ((first & FINAL) === 0 || (first & 0x70) !== 0 || (short & MASKED) !== 0) {
    throw new Error(`A frame began with ${first.toString(16)} ${short.toString(16)}, which is not read here.`);
  }
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < at + head) return null;
  const length =
    short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
  const start = at + head;
  return bytes.length < start + length ? null : { opcode: first & 0x0f, start, end: start + length };
}

/** A client must mask; with zeros, which leave the payload as it is, the server does the same work. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const isLong = payload.length > 125;
  const head = Buffer.alloc(isLong ? 8 : 6);
  head[0] = FINAL | opcode;
  head[1] = MASKED | (isLong ? 126 : payload.length);
  if (isLong) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
