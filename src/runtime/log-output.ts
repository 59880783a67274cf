/**
 * Standard output as the destination of the log. The log must never stop the service: on a full disk, after a lost reader and
 * behind a slow one the output drops lines and counts them. Failures of the log are not logged.
 */
import { fstatSync, write, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** The most that may wait to be written; beyond it lines are dropped. A busy service logs this much in about a minute. */
const WAITING_LIMIT_BYTES = 1_048_576;
const STDOUT = 1;

export interface LogOutput {
  /** Whether a person reads it, not a program. */
  readonly isTerminal: boolean;
  /** Accepts a line or drops it. Never throws and never waits. */
  write(line: string): void;
  /** Lines that could not be written since the process began. */
  readonly droppedLines: number;
}

/** Creates the output on standard output. Call it once in a process. */
export function createLogOutput(): LogOutput {
  return isStream() ? createStreamOutput() : createFileOutput();
}

/** Whether standard output is a pipe or a socket; else it is a file, a device or a terminal. */
function isStream(): boolean {
  try {
    const stdout = fstatSync(STDOUT);
    return stdout.isFIFO() || stdout.isSocket();
  } catch {
    // It is closed. Writes fail, and the output for files counts them.
    return false;
  }
}

/** By default Node writes to pipes in the event loop's thread, and a full pipe blocks the process. */
function createStreamOutput(): LogOutput {
  const { stdout } = process;
  let droppedLines = 0;
  // A pipe of process.stdout has a handle, which Node's types do not describe.
  const { _handle: handle } = stdout as { _handle?: { setBlocking?: (isBlocking: boolean) => void } };
  handle?.setBlocking?.(false);
  stdout.on('error', () => {
    droppedLines += 1;
  });
  return {
    isTerminal: isatty(STDOUT),
    get droppedLines() {
      return droppedLines;
    },
    write(line) {
      if (stdout.destroyed || stdout.writableLength >= WAITING_LIMIT_BYTES) droppedLines += 1;
      else stdout.write(line);
    },
  };
}

/**
 * Writes outside the event loop's thread, one write at a time; lines that arrive meanwhile are written together. When a full
 * disk refuses lines they are dropped, and the next line tries again.
 */
function createFileOutput(): LogOutput {
  let droppedLines = 0;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isWriting = false;

  function take(): { readonly bytes: Buffer; readonly lines: number } {
    const taken = { bytes: Buffer.concat(waiting), lines: waiting.length };
    waiting = [];
    waitingBytes = 0;
    return taken;
  }

  function writeWaiting(): void {
    if (waiting.length === 0) {
      isWriting = false;
      return;
    }
    isWriting = true;
    const { bytes, lines } = take();
    writeRest(bytes, lines);
  }

  function writeRest(bytes: Buffer, lines: number): void {
    write(STDOUT, bytes, (error, written) => {
      if (error !== null) {
        droppedLines += lines;
        isWriting = false;
      } else if (written < bytes.length) {
        writeRest(bytes.subarray(written), lines);
      } else {
        writeWaiting();
      }
    });
  }

  process.once('exit', () => {
    if (waiting.length === 0) return;
    const { bytes, lines } = take();
    try {
      writeSync(STDOUT, bytes);
    } catch {
      // The process is ending and can no longer log this.
      droppedLines += lines;
    }
  });

  return {
    isTerminal: isatty(STDOUT),
    get droppedLines() {
      return droppedLines;
    },
    write(line) {
      const bytes = Buffer.from(line);
      if (waitingBytes + bytes.length > WAITING_LIMIT_BYTES) {
        droppedLines += 1;
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (!isWriting) writeWaiting();
    },
  };
}
