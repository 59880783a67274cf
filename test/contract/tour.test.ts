import { execFile } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { readConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { startService } from '../../src/node/service.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { readDocument } from '../docs/documents.ts';

const run = promisify(execFile);

/** A dozen requests, each with a process or two. */
const TOUR_LIMIT_MS = 60_000;

t.test('the commands of the tour in the README do what it says', async (t) => {
  const [, tour = ''] = /^```sh tour\n([\s\S]*?)^```$/m.exec(readDocument('README.md').text) ?? [];
  t.match(tour, 'http://127.0.0.1:8080/api/v1');

  const { url: databaseUrl } = await createTestDatabase(t);
  const reading = readConfig({
    PORT: '0',
    DATABASE_URL: databaseUrl,
    AUTH_SECRET: 'a-secret-for-the-tour-of-the-readme',
    AUTH_ISSUE: 'true',
    DEMO_DATA: 'true',
  });
  if (!reading.ok) throw new Error(reading.faults.join('; '));
  const service = await startService(reading.config, { version: '0.0.0', log: createLogger('silent') });
  t.teardown(() => service.close());

  const script = tour.replace('http://127.0.0.1:8080', service.url).replaceAll(/^curl .*$/gm, '$&; echo');
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` },
    timeout: TOUR_LIMIT_MS,
  });
  const answers = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
  t.match(answers, [
    { concerts: [{ title: String }], nextCursor: null },
    { status: 'ACTIVE', concertId: 1 },
    { availableSeats: 50 },
    { previousBalance: 0, currentBalance: 200_000 },
    { status: 'COMPLETED' },
    { status: 'REFUNDED', remainingBalance: 200_000 },
    { entries: [{ type: 'REFUND' }, { type: 'PAYMENT' }, { type: 'CHARGE' }] },
  ]);
  t.equal(answers.length, 7);
});
