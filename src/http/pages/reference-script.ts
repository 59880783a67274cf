import { Worker } from 'node:worker_threads';
import type { ConstantAnswer } from '../answers/constant-answer.ts';

/** Loading takes a second of CPU on a slow machine; a thread that takes this long hangs. */
const LOAD_LIMIT_MS = 30_000;

/** The worker's message; a Buffer arrives as plain bytes. */
export type LoadedScript = Omit<ConstantAnswer, 'plain' | 'gzipped' | 'brotli'> & {
  readonly plain: Uint8Array;
  readonly gzipped: Uint8Array | null;
};

/**
 * Returns the script of the API reference, 4 MiB, which its package carries inside a module. A worker thread loads and
 * compresses it on the first call, because that work would block the event loop and most processes never need it. Rejects when
 * loading fails; the next call retries.
 */
export function createReferenceScript(): () => Promise<ConstantAnswer> {
  let loading: Promise<ConstantAnswer> | null = null;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
}

async function load(): Promise<ConstantAnswer> {
  const worker = new Worker(new URL('reference-script-worker.ts', import.meta.url));
  worker.unref();
  const { promise, resolve, reject } = Promise.withResolvers<LoadedScript>();
  const late = setTimeout(
    () => reject(new Error('the script of the API reference could not be loaded in time')),
    LOAD_LIMIT_MS,
  );
  late.unref();
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', (code) => reject(new Error(`the thread that loads the API reference ended with ${code}`)));
  try {
    const { type, etag, plain, gzipped } = await promise;
    return { type, etag, plain: bufferOf(plain), gzipped: gzipped === null ? null : bufferOf(gzipped), brotli: null };
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
