import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { transformSync } from 'amaro';

const compress = promisify(gzip);

/** A module as browsers run it. */
export interface WebModule {
  /** Strong, of the text. */
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

interface Known {
  readonly changedAtMs: number;
  readonly module: Promise<WebModule>;
}

/**
 * Reads TypeScript files with their types stripped: line by line what is in the file, so that a browser's debugger shows
 * the source without a map. A file is stripped when it is first asked for, and again when it has changed since. Throws
 * for a file that cannot be read, or that has more than types to strip.
 */
export function createWebModules(): (file: string) => Promise<WebModule> {
  const known = new Map<string, Known>();
  return async (file) => {
    const { mtimeMs } = await stat(file);
    let entry = known.get(file);
    if (entry?.changedAtMs !== mtimeMs) {
      entry = { changedAtMs: mtimeMs, module: stripTypes(file) };
      known.set(file, entry);
      // A file that could not be stripped is tried again at the next request.
      entry.module.catch(() => known.delete(file));
    }
    return entry.module;
  };
}

async function stripTypes(file: string): Promise<WebModule> {
  const { code } = transformSync(await readFile(file, 'utf8'), { mode: 'strip-only', filename: file });
  const plain = Buffer.from(code);
  const digest = createHash('sha256').update(plain).digest('base64url');
  return { etag: `"${digest}"`, plain, gzipped: await compress(plain) };
}
