import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const ROOT = fileURLToPath(new URL('../src/', import.meta.url));
/** A reading of this machine's time of day, or an id that carries one. */
const READING = /\bDate\.now\b|\bnew Date\(\)|\bDate\(\)|from 'uuid'/;

/** Files that may, and why. */
const MAY_READ: Readonly<Record<string, string>> = {
  'client/platform.ts': 'runs in browsers, which have no other clock before the first answer',
  'embedded-postgres/embedded-postmaster.ts': "compares with a file's time, which is of the same machine",
  'runtime/ids.ts': 'makes all ids, at an instant that it is given',
};

t.test('nothing reads the clock of the node: what is stored, shown or compared is of the database', async (t) => {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const readers = files.filter((file) => READING.test(readFileSync(join(ROOT, file), 'utf8'))).toSorted();
  t.strictSame(readers, Object.keys(MAY_READ).toSorted());
});
