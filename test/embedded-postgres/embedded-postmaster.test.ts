import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
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
