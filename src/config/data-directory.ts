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

/**
 * Makes the directory of what a service keeps on disk and returns its absolute path, free of symbolic links.
 * Others may not list it; root's may be entered, because its database server runs as another user.
 * Throws a sentence that an operator can act on where the directory cannot be made or written to.
 */
export function openDataDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    // Rights, a file system that only reads and one that is full: only a write shows them all.
    rmdirSync(mkdtempSync(join(path, '.write-check-')));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new Error(`${path} is not a directory; move away the file in its place, or name a directory in DATA_DIR`, {
        cause: error,
      });
    }
    throw new Error(
      `${path} cannot be written to (${code}); make room, give this user write access, or name another directory in DATA_DIR`,
      { cause: error },
    );
  }
  return realpathSync(path);
}

/**
 * The text of a file that is made once and then kept, readable by its owner only. Of several processes that find it
 * missing at the same moment one makes it, and all return the same.
 */
export function keepText(file: string, make: () => string): string {
  const kept = readIfThere(file);
  if (kept !== undefined) return kept;
  const draft = `${file}-${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, make(), { mode: 0o600, flush: true });
  try {
    // Unlike a rename, a link never replaces the file of a process that was quicker.
    linkSync(draft, file);
  } catch (error) {
    if (readIfThere(file) === undefined) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, 'utf8');
}

/** The text of a file, or undefined where there is none. Throws a sentence where there is something that is not readable text. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read (${code}); it must be a file that this user may read, or be moved away`, {
      cause: error,
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
