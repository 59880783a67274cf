/**
 * Test files that need no process of their own run in this one: a process costs half a second of CPU before its first
 * assertion, which is most of what such a file takes. Each of them also runs alone, by its name. .taprc leaves these folders
 * out of what it starts itself.
 */
import { readdirSync } from 'node:fs';
import t from 'tap';

const FOLDERS = [
  'actors',
  'bench',
  'client',
  'config',
  'demo',
  'docs',
  'drills',
  'harness',
  'health',
  'runtime',
  'web',
];

let files = 0;
for (const folder of FOLDERS) {
  const names = readdirSync(new URL(`${folder}/`, import.meta.url), { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((candidate) => candidate.endsWith('.test.ts')).toSorted()) {
    await import(new URL(`${folder}/${name}`, import.meta.url).href);
    files += 1;
  }
}

t.test('the files of all folders were seen', async (t) => {
  t.ok(files >= 50, `${files} files`);
});
