import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { repositoryRoot } from '../../harness/service/server-process.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { startTestService } from '../fixtures/service.ts';

const run = promisify(execFile);
const ADMIN_TOKEN = 'an-admin-token-for-tests';

const database = await createTestDatabase(t);
const service = await startTestService(t, database, { ADMIN_TOKEN });

async function bench(...args: readonly string[]): Promise<string> {
  const all = [
    'bench/autocannon.ts',
    '--url',
    service.url,
    '--admin-token',
    ADMIN_TOKEN,
    '--connections',
    '8',
    ...args,
  ];
  return (await run(process.execPath, all, { cwd: repositoryRoot })).stdout;
}

const SCENARIOS = [
  ['holds', /^Accepted +[\d,]+ \([\d,]+\/s\), p50 [\d.]+ ms, p99 [\d.]+ ms; 201: [\d,]+$/m, /^Refused +none$/m],
  ['refusals', /^Accepted +none$/m, /^Refused .*; 409 SEAT_TAKEN: [\d,]+$/m],
  ['poll', /^Accepted .*; 200: [\d,]+$/m, /^Refused +none$/m],
  ['map', /^Accepted .*; 200: [\d,]+$/m, /^Refused +none$/m],
  ['pay', /^Accepted .*; 201: [\d,]+$/m, /^Refused +none$/m],
] as const;

for (const [scenario, accepted, refused] of SCENARIOS) {
  t.test(`npm run bench:autocannon prints the table of ${scenario}, its answers apart and the audit`, async (t) => {
    const output = await bench('--scenario', scenario, '--seconds', '1', '--database-url', database.url);
    t.match(output, /Req\/Sec/, "autocannon's own table");
    t.match(output, accepted);
    t.match(output, refused);
    t.match(output, /^Audit +all \d+ invariants hold$/m);
    const stored = { holds: /\d+ seats are held/, pay: /\d+ seats are sold/ };
    if (scenario in stored) t.match(output, stored[scenario as keyof typeof stored]);
  });
}

t.test('it says so when no database can be audited', async (t) => {
  t.match(await bench('--scenario', 'map', '--seconds', '1'), /^Audit +none: .* --database-url\.$/m);
});

t.test('the command that it prints sends the requests of the file that it writes', async (t) => {
  const file = join(t.testdir(), 'requests.har');
  const command = (await bench('--scenario', 'holds', '--requests', file)).trim();
  t.equal(statSync(file).mode & 0o777, 0o600);
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const { stderr } = await run('sh', ['-c', command], { cwd: repositoryRoot, env: { ...process.env, PATH: path } });
  t.match(stderr, /│ Code +│ Count +│\n[^\n]+\n│ 201 +│ 4985 +│\n└/, 'autocannon does not wait for the last fifteen');
});

t.test('it asks for what it needs in a sentence', async (t) => {
  const env = { PATH: process.env['PATH'] ?? '', DATA_DIR: t.testdir() };
  const fails = (...args: string[]) =>
    t.rejects(run(process.execPath, ['bench/autocannon.ts', ...args], { cwd: repositoryRoot, env }), {
      code: 1,
      stderr: /^[^\n]+\.\n$/,
    });
  await fails('--requests', 'requests.har');
  await fails('--url', service.url);
});
