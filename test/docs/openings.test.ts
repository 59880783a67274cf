import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ROOT } from './documents.ts';

/** The folders whose comments and documents are in plain English: the whole tree without the tests. */
const FOLDERS = ['bench', 'demo', 'docs', 'drills', 'examples', 'harness', 'scripts', 'src', 'web'];
const FILES = ['CHANGELOG.md', 'README.md'];

/** A sentence that begins with a clause instead of naming its subject. */
const HEADLESS = /(?:^|[.!?:] )(?:Who(?:ever|m|se)?|What(?:ever)? (?:is|was|has|are|were|have|had))\b/;

/** The lines of comments in TypeScript, without their marks. */
function commentsOf(source: string): readonly string[] {
  return source.split('\n').flatMap((line) => {
    const [, words] = /^\s*(?:\/\/|\/\*\*?|\*(?!\/))\s?(.*?)(?:\s*\*\/)?$/.exec(line) ?? [];
    return words === undefined ? [] : [words];
  });
}

/** The lines of a document, without the marks of headings, lists and quotations; each cell of a table is a line. */
function linesOf(document: string): readonly string[] {
  return document
    .split('\n')
    .flatMap((line) => line.split('|'))
    .map((line) => line.replace(/^[\s#>*-]+/, ''));
}

function headlessIn(path: string): readonly string[] {
  const text = readFileSync(new URL(path, ROOT), 'utf8');
  const lines = path.endsWith('.md') ? linesOf(text) : commentsOf(text);
  return lines.filter((line) => HEADLESS.test(line)).map((line) => `${path}: ${line}`);
}

t.test('the rule sees what it forbids, and nothing else', async (t) => {
  const comments = commentsOf(`
/** Whoever starts it stops it. */
/**
 * Ends the run.
 * Who waits is told. What was sent stays.
 */
const whom = 1; // Whom is behind code, and is not looked at
  // The node runs. Whom it serves waits.
  // What a run needs. A node that has what is asked for.
`);
  t.same(
    comments.filter((line) => HEADLESS.test(line)),
    ['Whoever starts it stops it.', 'Who waits is told. What was sent stays.', 'The node runs. Whom it serves waits.'],
  );
  const lines = linesOf('## What is measured\n- Who holds\n| cell | Whoever pays |\nWhat it measures\n');
  t.same(
    lines.filter((line) => HEADLESS.test(line)),
    ['What is measured', 'Who holds', 'Whoever pays '],
  );
});

t.test('no comment and no line of a document in plain folders begins without its subject', async (t) => {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(fileURLToPath(new URL(`${folder}/`, ROOT)), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|md)$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  t.ok(paths.length >= 100, `${paths.length} files were seen`);
  t.same([...paths, ...FILES].flatMap(headlessIn), []);
});
