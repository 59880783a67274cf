import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { findPostmaster } from '../../src/embedded-postgres/embedded-postmaster.ts';

t.test('a lock file that its server is about to fill is left alone, and one that stays empty is removed', async (t) => {
  const cluster = mkdtempSync(join(tmpdir(), 'frontrow-lock-'));
  t.teardown(() => rmSync(cluster, { recursive: true, force: true }));
  const lockFile = join(cluster, 'postmaster.pid');
  writeFileSync(lockFile, '');
  t.equal(findPostmaster(cluster), undefined);
  t.ok(existsSync(lockFile), 'a server whose lock file is gone ends');

  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lockFile, longAgo, longAgo);
  t.equal(findPostmaster(cluster), undefined);
  t.notOk(existsSync(lockFile), 'no server starts beside an empty one');
});

t.test('a lock file that names no process is reported with its remedy and is left alone', async (t) => {
  for (const content of ['garbage', '\n', '0\n', '12x\n', '\0\0\0\0']) {
    const cluster = t.testdir({ 'postmaster.pid': content });
    const lockFile = join(cluster, 'postmaster.pid');
    t.throws(() => findPostmaster(cluster), {
      message: `${lockFile} is damaged; make sure that no postgres process works on ${cluster}, then remove the file and start again`,
    });
    t.ok(existsSync(lockFile), 'it may be a running server’s');
  }
  const cluster = t.testdir({});
  mkdirSync(join(cluster, 'postmaster.pid'));
  t.throws(() => findPostmaster(cluster), { message: /postmaster\.pid cannot be read \(EISDIR\); it must be a file/ });
});

t.test('a lock file of a process that is gone, or of single-user mode, is no damage', async (t) => {
  for (const pid of ['4194303', '-4194303']) {
    t.equal(findPostmaster(t.testdir({ 'postmaster.pid': `${pid}\n/elsewhere\n` })), undefined);
  }
});
