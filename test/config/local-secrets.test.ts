import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readConfig } from '../../src/config/config.ts';
import { type CompleteConfig, completeSecrets, secretsFile } from '../../src/config/local-secrets.ts';

function complete(env: Record<string, string>): CompleteConfig {
  const reading = readConfig(env);
  if (!reading.ok) throw new Error(reading.faults.join('\n'));
  return completeSecrets(reading.config);
}

t.test('missing secrets are made once, are strong and different, and are readable by the owner only', async (t) => {
  const DATA_DIR = join(t.testdir(), 'not', 'there', 'yet');
  const first = complete({ DATA_DIR });
  const secrets = [first.AUTH_SECRET, first.ADMIN_TOKEN, first.CLUSTER_SECRET];
  t.equal(new Set(secrets).size, 3);
  for (const secret of secrets) t.ok(Buffer.from(secret, 'base64url').length >= 16);
  t.equal(statSync(secretsFile(DATA_DIR)).mode & 0o777, 0o600);
  t.same(readdirSync(DATA_DIR), ['secrets.json'], 'no draft is left');
  t.same(complete({ DATA_DIR }), first, 'the next start has the same');
  t.not(complete({ DATA_DIR: t.testdir({}) }).AUTH_SECRET, first.AUTH_SECRET, 'another directory has others');
});

t.test('secrets of the environment come first and are not written down', async (t) => {
  const DATA_DIR = t.testdir();
  const ADMIN_TOKEN = 'an-admin-token-of-my-own';
  const config = complete({ DATA_DIR, ADMIN_TOKEN });
  t.equal(config.ADMIN_TOKEN, ADMIN_TOKEN);
  t.notMatch(readFileSync(secretsFile(DATA_DIR), 'utf8'), ADMIN_TOKEN);
  t.not(complete({ DATA_DIR }).ADMIN_TOKEN, ADMIN_TOKEN);
});

t.test('a file that holds something else is never overwritten, and its content is not shown', async (t) => {
  for (const content of ['', '{', '{"AUTH_SECRET":"hunter2"}', 'null', '[]']) {
    const DATA_DIR = t.testdir();
    writeFileSync(secretsFile(DATA_DIR), content);
    chmodSync(secretsFile(DATA_DIR), 0o600);
    t.throws(() => complete({ DATA_DIR }), {
      message: /secrets\.json does not hold the secrets.*restore it, or remove it/,
    });
    t.equal(readFileSync(secretsFile(DATA_DIR), 'utf8'), content);
  }
  const DATA_DIR = t.testdir({ 'secrets.json': {} });
  t.throws(() => complete({ DATA_DIR }), { message: /secrets\.json cannot be read \(EISDIR\); it must be a file/ });
});
