import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = new URL('../../', import.meta.url);

export interface Document {
  /** From the root of the repository. */
  readonly path: string;
  readonly url: URL;
  readonly text: string;
  /** Without fenced blocks, whose brackets mean other things. */
  readonly prose: string;
}

export function readDocument(path: string): Document {
  const url = new URL(path, ROOT);
  const text = readFileSync(url, 'utf8');
  return { path, url, text, prose: text.replaceAll(/^```[\s\S]*?^```$/gm, '') };
}

/** Everything that is written for people. */
export function readDocuments(): readonly Document[] {
  const below = ['docs/', 'bench/', 'drills/', 'demo/', 'harness/'].flatMap((folder) =>
    readdirSync(fileURLToPath(new URL(folder, ROOT)), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .sort((one, other) => one.localeCompare(other))
      .map((name) => folder + name),
  );
  return ['README.md', 'README.ko.md', 'CHANGELOG.md', ...below].map(readDocument);
}

/** What stands between backticks outside of fenced blocks. */
export function codeSpansOf({ prose }: Document): readonly string[] {
  return Array.from(prose.matchAll(/`([^`]+)`/g), ([, code = '']) => code.replaceAll('\n', ' '));
}

/** The cells of every row of every table; head and rule included. */
export function tableRowsOf({ prose }: Pick<Document, 'prose'>): readonly (readonly string[])[] {
  return prose
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
