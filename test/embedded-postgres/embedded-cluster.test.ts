import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { embeddedFiles, readPassword } from '../../src/embedded-postgres/embedded-cluster.ts';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts';
import { silentLog as log } from '../fixtures/silent-log.ts';

/** A directory with what makes a cluster look complete. */
function withCluster(t: Test): string {
  return t.testdir({ postgres: { global: { pg_control: '' }, PG_VERSION: '18\n' } });
}

t.test('a password is made once, readable by the owner only', async (t) => {
  const files = embeddedFiles(t.testdir());
  const password = readPassword(files);
  t.match(password, /^[0-9a-f]{48}$/);
  t.equal(readPassword(files), password);
  t.equal(statSync(files.password).mode & 0o777, 0o600);
});

t.test('a damaged or lost password of a cluster ends the start at once with its remedy', async (t) => {
  for (const content of ['', '\n', 'two words', 'two\nlines', '\0\0\0']) {
    const dataDir = withCluster(t);
    const { password, cluster } = embeddedFiles(dataDir);
    writeFileSync(password, content);
    await t.rejects(startEmbeddedPostgres({ dataDir, log }), {
      message: `${password} does not hold a password; restore it from a copy; without it the database in ${cluster} does not open. Move both away to begin with an empty database`,
    });
    t.equal(readFileSync(password, 'utf8'), content, 'it is left alone');
  }
  const dataDir = withCluster(t);
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), { message: /postgres-password is missing; restore it/ });
});

t.test('a damaged password without a cluster costs nothing but its removal', async (t) => {
  const dataDir = t.testdir({ 'postgres-password': '' });
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), {
    message: /postgres-password does not hold a password; remove it to have a new one made/,
  });
});

t.test('a damaged lock file ends the start at once', async (t) => {
  const dataDir = withCluster(t);
  writeFileSync(join(dataDir, 'postgres-password'), 'a-password');
  writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'garbage');
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), {
    message: /postmaster\.pid is damaged; make sure that no/,
  });
});

t.test('something in the place of the password that is no file ends the start at once', async (t) => {
  const dataDir = withCluster(t);
  mkdirSync(join(dataDir, 'postgres-password'));
  await t.rejects(startEmbeddedPostgres({ dataDir, log }), { message: /postgres-password cannot be read \(EISDIR\)/ });
});
