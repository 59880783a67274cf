import { readFile } from 'node:fs/promises';
import { extname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Loader } from 'esbuild';
import { type ConstantAnswer, createConstantAnswer } from '../answers/constant-answer.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Every file but a page is served below this path, under a name with a hash of its content. */
export const ASSETS_PATH = '/assets/';
/** A page names its files by their paths in the repository; the build replaces them by the built names. */
const NAMED_FILE = /(?<=")\/(web\/[\w./-]+)(?=")/g;
const HASH = /-[0-9A-Z]{8}(?=\.)/;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};
const LOADERS: Readonly<Record<string, Loader>> = { '.png': 'copy', '.svg': 'copy', '.woff2': 'copy' };
/** Only a debugger asks for a source map, and the other files are compressed already. */
const WITHOUT_BROTLI: ReadonlySet<string> = new Set(['.map', '.png', '.woff2']);

/** The files for browsers, in memory. */
export interface WebBuild {
  /** By the paths of their sources. */
  readonly pages: ReadonlyMap<string, ConstantAnswer>;
  /** By the names below `ASSETS_PATH`. */
  readonly assets: ReadonlyMap<string, ConstantAnswer>;
  /** By the names without their hashes. */
  readonly current: ReadonlyMap<string, ConstantAnswer>;
}

/**
 * Bundles and minifies everything that the pages name, which takes 0.2 s in a process of its own, and compresses it in other
 * threads. The same sources always get the same names, so every node of a release serves the same files.
 */
export async function buildWeb(sources: readonly string[]): Promise<WebBuild> {
  const { build } = await import('esbuild');
  const texts = await Promise.all(sources.map((source) => readFile(ROOT + source, 'utf8')));
  const named = new Set(texts.flatMap((text) => Array.from(text.matchAll(NAMED_FILE), ([, file = '']) => file)));
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...named],
    outbase: 'web',
    outdir: '.',
    publicPath: ASSETS_PATH,
    entryNames: '[dir]/[name]-[hash]',
    assetNames: '[dir]/[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    sourcemap: 'linked',
    loader: LOADERS,
    metafile: true,
    write: false,
    logLevel: 'silent',
  });

  const names = new Map<string, string>();
  for (const [name, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint !== undefined) names.set(entryPoint, ASSETS_PATH + name);
  }
  const pages = texts.map((text, index) => {
    const page = text.replace(NAMED_FILE, (path, file: string) => names.get(file) ?? path);
    return answerOf(sources[index] ?? '', Buffer.from(page));
  });
  const assets = await Promise.all(
    outputFiles.map(({ path, contents }) =>
      answerOf(relative(ROOT, path).replaceAll('\\', '/'), Buffer.from(contents)),
    ),
  );
  return {
    pages: new Map(await Promise.all(pages)),
    assets: new Map(assets),
    current: new Map(assets.map(([name, answer]) => [withoutHash(name), answer])),
  };
}

/** The name that a file has in every release. */
export function withoutHash(name: string): string {
  return name.replace(HASH, '');
}

async function answerOf(name: string, content: Buffer): Promise<readonly [string, ConstantAnswer]> {
  const extension = extname(name);
  const type = MEDIA_TYPES[extension] ?? 'application/octet-stream';
  return [name, await createConstantAnswer(type, content, { hasBrotli: !WITHOUT_BROTLI.has(extension) })];
}
