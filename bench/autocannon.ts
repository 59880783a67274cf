/**
 * `npm run bench:autocannon`: opens a concert with buyers on a service, lets autocannon send one kind of request, and prints
 * autocannon's table, accepted and refused answers apart, and the verdict of the audit. It exits with 1 when something is wrong.
 */
import { auditDatabase } from '../harness/service/database-audit.ts';
import {
  ADMIN_TOKEN_NEEDED,
  type DemoService,
  findRunningService,
  startDemoService,
} from '../harness/service/demo-service.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { choice, count, readOptions, text } from '../harness/options.ts';
import { fire, type Shots } from './autocannon/fire.ts';
import { commandFor, REQUESTS_IN_FILE_MOST, writeRequestFile } from './autocannon/request-file.ts';
import { SCENARIO_NAMES, SCENARIOS } from './autocannon/scenarios.ts';
import { openStage, type Stage } from './autocannon/stage.ts';
import { summariseShots } from './report/autocannon-report.ts';
import { LIMITS_OFF } from './sale/sale.ts';

const options = readOptions('npm run bench:autocannon --', {
  scenario: choice(SCENARIO_NAMES, `the kind of request: ${SCENARIO_NAMES.join(', ')}`),
  seconds: count(10, 1, 600, 'length of the run'),
  connections: count(64, 1, 4_096, 'keep-alive connections'),
  url: text('URL', 'a running service; by default a new one, which is removed afterwards'),
  adminToken: text('TOKEN', 'of that service; by default ADMIN_TOKEN, or the one in DATA_DIR'),
  databaseUrl: text('URL', 'the database of that service, for the audit'),
  requests: text('FILE', 'send nothing; write the requests to a file and print the autocannon command that sends them'),
  seed: count(1, 0, 2 ** 31, 'order of the requests'),
});
const { seconds, connections, seed } = options;
const scenario = SCENARIOS[options.scenario];

try {
  process.exitCode = await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run(): Promise<number> {
  const service = await openService();
  let keepFiles = true;
  try {
    console.error(`Preparing "${options.scenario}" on ${service.origin} …`);
    const stage = await openStage(service, scenario);
    const faults =
      options.requests === null ? await measure(service, stage) : await writeRequests(service, stage, options.requests);
    keepFiles = faults.length > 0;
    return keepFiles ? 1 : 0;
  } finally {
    await service.close(keepFiles);
  }
}

async function openService(): Promise<DemoService> {
  if (options.url === null) {
    if (options.requests !== null) throw new Error('--requests needs --url: a service that runs when they are sent.');
    return startDemoService(LIMITS_OFF);
  }
  const service = findRunningService(options.url, options.adminToken);
  if (service === null) throw new Error(ADMIN_TOKEN_NEEDED);
  return service;
}

async function measure(service: DemoService, stage: Stage): Promise<readonly string[]> {
  const machine = describeMachine();
  const requests = await scenario.prepare(stage, scenario.perSecond * seconds, seed);
  const before = await stage.countSeats();
  const shots = await fire({ url: service.url, requests, isUsedUp: scenario.isUsedUp, connections, seconds });
  const { stored, faults } = compare(shots, before, await stage.countSeats());
  const { databaseUrl } = options;
  const audit = databaseUrl === null ? await service.audit() : await auditDatabase(databaseUrl);
  const allFaults = [...faults, ...(audit?.faults ?? [])];
  const { says } = scenario;
  const { origin } = service;
  console.log(
    summariseShots({ scenario: options.scenario, says, origin, machine, shots, stored, audit, faults: allFaults }),
  );
  return allFaults;
}

/** Compares the accepted answers with what the service has stored. Requests whose answers came too late may be stored too. */
function compare(
  { accepted }: Shots,
  before: Awaited<ReturnType<Stage['countSeats']>>,
  after: Awaited<ReturnType<Stage['countSeats']>>,
): { readonly stored: string | null; readonly faults: readonly string[] } {
  if (options.scenario === 'refusals') {
    const isSold = accepted.count === 0 && after.sold === before.sold && after.held === before.held;
    return { stored: null, faults: isSold ? [] : ['a seat of the sold-out date was given to another buyer'] };
  }
  if (!scenario.isUsedUp) return { stored: null, faults: [] };
  const word = options.scenario === 'holds' ? 'held' : 'sold';
  const stored = after[word] - before[word];
  const isExact = stored >= accepted.count && stored <= accepted.count + connections;
  return {
    stored: `${stored} seats are ${word}; ${accepted.count} answers said so, and up to ${connections} came too late`,
    faults: isExact ? [] : [`${accepted.count} seats were acknowledged as ${word}, ${stored} are stored`],
  };
}

async function writeRequests(service: DemoService, stage: Stage, file: string): Promise<readonly string[]> {
  const { isUsedUp } = scenario;
  const all = await scenario.prepare(stage, REQUESTS_IN_FILE_MOST, seed);
  const requests = all.slice(0, REQUESTS_IN_FILE_MOST);
  writeRequestFile(file, service.url, requests);
  console.log(commandFor({ file, url: service.url, count: requests.length, isUsedUp, connections, seconds }));
  return [];
}
