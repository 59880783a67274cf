import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { transformSync } from 'amaro';
import type { Clock } from '../../runtime/clock.ts';
import { type ConstantAnswer, createConstantAnswer } from '../answers/constant-answer.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

/** How long a file counts as unchanged; checking it costs more than sending it. */
const TRUSTED_MS = 1_000;

interface Known {
  readonly changedAtMs: number;
  checkedAtMs: number;
  readonly answer: Promise<ConstantAnswer>;
}

/** Whether browsers may get a file of this name. */
export function isWebFile(name: string): boolean {
  return extname(name) === '.ts' ? /^[a-z0-9-]+\.ts$/.test(name) : extname(name) in MEDIA_TYPES;
}

/**
 * Reads the files of a page. TypeScript is sent with its types stripped, line by line as in the file, so that a browser's
 * debugger shows the source without a map. A file is read on its first request, and again within a second of a change. Rejects
 * for a file that cannot be read, or that needs more than stripping of types.
 */
export function createWebFiles(clock: Clock): (file: string) => Promise<ConstantAnswer> {
  const known = new Map<string, Known>();
  return async (file) => {
    const nowMs = clock.monotonicMs();
    let entry = known.get(file);
    if (entry !== undefined && nowMs - entry.checkedAtMs < TRUSTED_MS) return entry.answer;
    const { mtimeMs } = await stat(file);
    if (entry?.changedAtMs === mtimeMs) {
      entry.checkedAtMs = nowMs;
    } else {
      entry = { changedAtMs: mtimeMs, checkedAtMs: nowMs, answer: read(file) };
      known.set(file, entry);
      // The next request retries a file that could not be read.
      entry.answer.catch(() => known.delete(file));
    }
    return entry.answer;
  };
}

async function read(file: string): Promise<ConstantAnswer> {
  const extension = extname(file);
  const content = await readFile(file);
  const type = MEDIA_TYPES[extension] ?? 'application/octet-stream';
  if (extension !== '.ts') return createConstantAnswer(type, content);
  return createConstantAnswer(type, transformSync(content.toString(), { mode: 'strip-only', filename: file }).code);
}
