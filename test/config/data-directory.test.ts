import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openDataDirectory } from '../../src/config/data-directory.ts';

t.test('a directory that is missing is made, and opening it leaves nothing behind', async (t) => {
  const path = join(t.testdir(), 'not', 'there', 'yet');
  t.equal(openDataDirectory(path), path);
  t.equal(openDataDirectory(path), path);
  t.same(readdirSync(path), []);
});

t.test('a file in the place of the directory, or above it, is reported with its remedy', async (t) => {
  const file = join(t.testdir(), 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'data')]) {
    t.throws(() => openDataDirectory(path), {
      message: `${path} is not a directory; move away the file in its place, or name a directory in DATA_DIR`,
    });
  }
});

t.test(
  'a directory in which nothing can be made is reported with its remedy, also for root',
  { skip: process.platform !== 'linux' && 'needs /proc, where not even root can make files' },
  async (t) => {
    t.throws(() => openDataDirectory('/proc/self'), {
      message:
        /^\/proc\/self cannot be written to \(E[A-Z]+\); make room, give this user write access, or name another/,
    });
  },
);
