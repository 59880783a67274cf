import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { readConfig } from '../../src/config/config.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function checkout(t: Test): string {
  const directory = t.testdir();
  mkdirSync(join(directory, 'deploy'));
  for (const file of ['.env.example', 'deploy/make-env.sh']) cpSync(join(ROOT, file), join(directory, file));
  return directory;
}

function makeEnv(directory: string, ...args: readonly string[]) {
  return spawnSync('sh', [join(directory, 'deploy/make-env.sh'), ...args], { encoding: 'utf8', cwd: '/' });
}

function valuesOf(directory: string): Readonly<Record<string, string>> {
  const lines = readFileSync(join(directory, '.env'), 'utf8').split('\n');
  return Object.fromEntries(lines.filter((line) => /^[A-Z]/.test(line)).map((line) => line.split('=', 2)));
}

t.test('it gives each secret a value of its own, which the service accepts, for the owner only', async (t) => {
  const directory = checkout(t);
  t.equal(makeEnv(directory).status, 0);
  const values = valuesOf(directory);
  t.same(Object.keys(values), ['POSTGRES_PASSWORD', 'REDIS_PASSWORD', 'AUTH_SECRET', 'CLUSTER_SECRET', 'ADMIN_TOKEN']);
  for (const value of Object.values(values)) t.match(value, /^[0-9a-f]{64}$/);
  t.equal(new Set(Object.values(values)).size, 5);
  t.equal(statSync(join(directory, '.env')).mode & 0o777, 0o600);
  const reading = readConfig({
    ...values,
    DATABASE_URL: `postgres://frontrow:${values['POSTGRES_PASSWORD']}@postgres/x`,
  });
  t.same(reading.ok ? [] : reading.faults, []);
});

t.test('--demo adds concerts to sell, and no call replaces the secrets that are there', async (t) => {
  const directory = checkout(t);
  t.equal(makeEnv(directory, '--demo').status, 0);
  const values = valuesOf(directory);
  t.equal(values['DEMO_DATA'], 'true');
  const again = makeEnv(directory);
  t.match(again, { status: 1, stderr: /^\.env is there already; move it away/ });
  t.same(valuesOf(directory), values);
  t.equal(makeEnv(directory, '--demos').status, 64);
});
