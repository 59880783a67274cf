import { randomBytes } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../runtime/operator-error.ts';

/**
 * Makes the service's data directory and returns its absolute path, free of symbolic links. Other users may not list it. If
 * root owns it, they may enter it, because the database server then runs as another user. Throws a sentence that tells the
 * operator what to do when the directory cannot be made or written to.
 */
export function openDataDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    // Missing rights, a read-only file system and a full one: only a write detects all of them.
    rmdirSync(mkdtempSync(join(path, '.write-check-')));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new OperatorError(
        `${path} is not a directory; move away the file in its place, or name a directory in DATA_DIR`,
        {
          cause: error,
        },
      );
    }
    throw new OperatorError(
      `${path} cannot be written to (${code}); make room, give this user write access, or name another directory in DATA_DIR`,
      { cause: error },
    );
  }
  return realpathSync(path);
}

/**
 * Returns the text of a file that is made once and then kept, readable by its owner only. When several processes find it
 * missing at once, one makes it and all return the same text.
 */
export function keepText(file: string, make: () => string): string {
  const kept = readIfThere(file);
  if (kept !== undefined) return kept;
  const draft = `${file}-${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, make(), { mode: 0o600, flush: true });
  try {
    // Unlike a rename, a link never replaces a file that another process has just made.
    linkSync(draft, file);
  } catch (error) {
    if (readIfThere(file) === undefined) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, 'utf8');
}

/** The text of a file, or undefined when there is none. Throws a sentence when the path holds anything but readable text. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    throw new OperatorError(
      `${file} cannot be read (${code}); it must be a file that this user may read, or be moved away`,
      {
        cause: error,
      },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
