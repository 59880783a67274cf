/**
 * `npm run bench:failover`: how long the schedules of a node that is killed stand still, and what the others notice.
 *
 * Three nodes and a steady load of holds and releases on all schedules, sent to two of them; the third is killed, each in turn. For
 * each of its schedules: the time from the kill to the first hold that was asked for after it. For those of the other nodes: how
 * long requests took in the 6 s before and after. Afterwards everything acknowledged must be stored, and the database is audited;
 * otherwise the run is void and exits with 1.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { createClusterField } from './cluster/cluster-field.ts';
import type { ClusterNode } from '../harness/cluster/cluster-node.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { createMachineClock } from '../harness/machine/monotonic-clock.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { createWorkerProcess } from '../harness/process/worker-process.ts';
import { type FailoverTrial, summariseFailover } from './report/failover-report.ts';
import { writeFigures } from './report/figures-file.ts';
import { findMissingHolds } from './sale/missing-holds.ts';
import type { SteadyCalls } from './steady/steady-calls.ts';
import { countFailures, isDone, readRequests } from './steady/timeline.ts';

const USAGE = `npm run bench:failover -- [options]
  --trials 20           kills, of the nodes in turns
  --schedules 60        on which seats are held and released, of 50 seats each
  --rate 600            requests a second, over all of them
  --window-seconds 6    watched before and after each kill
  --seed 1
  --output FILE         figures of every trial as JSON
  --keep true           keep the database and the logs`;

const NODES = 3;
const SEAT_COUNT = 50;
const USERS = 200;
/** The commands of a third of the schedules wait for up to 1.5 s, each with its connection. */
const CONNECTIONS_PER_NODE = 256;
const WARM_UP_MS = 5_000;

const options = readOptions(USAGE, {
  trials: '20',
  schedules: '60',
  rate: '600',
  'window-seconds': '6',
  seed: '1',
  output: null,
  keep: null,
});
const trials = readCount('trials', options.trials, 1, 1_000);
const schedules = readCount('schedules', options.schedules, NODES, 10_000);
const requestsPerSecond = readCount('rate', options.rate, 1, 20_000);
const windowMs = readCount('window-seconds', options['window-seconds'], 1, 60) * 1_000;
const seed = readCount('seed', options.seed, 0, 2 ** 31);

const machine = describeMachine();
const nowMs = createMachineClock();
const field = await createClusterField({ nodes: NODES, users: USERS });
const { cluster, sale, heads } = field;
const worker = createWorkerProcess<SteadyCalls>(new URL('./steady/steady-worker.ts', import.meta.url));
const measured: FailoverTrial[] = [];
const faults: string[] = [];
try {
  const scheduleIds = await sale.addSchedules(schedules, SEAT_COUNT);
  await worker.call('start', {
    ports: cluster.nodes.map(({ port }) => port),
    connectionsPerPort: CONNECTIONS_PER_NODE,
    scheduleIds,
    seatCount: SEAT_COUNT,
    tokens: field.tokens,
    requestsPerSecond,
    seed,
  });
  await heads.untilPlaced(NODES, scheduleIds);
  await pause(WARM_UP_MS);
  for (let trial = 1; trial <= trials; trial += 1) {
    const victim = cluster.nodes[(trial - 1) % NODES];
    if (victim === undefined) break;
    const result = await runTrial(trial, victim, scheduleIds);
    measured.push(result);
    console.error(
      `trial ${trial}/${trials}  ${victim.name} killed, its ${result.firstSuccessMs.length} schedules back after ${Math.round(Math.max(...result.firstSuccessMs))} ms at most`,
    );
  }
  const end = await worker.call('stop', {});
  faults.push(...(await findMissingHolds(sale.pool, end.heldIds)), ...(await field.findFaults()));
  for (const exit of cluster.exits().filter(({ wasAsked }) => !wasAsked)) {
    faults.push(`${exit.node} ended by itself with ${exit.signal ?? exit.code}: ${exit.output}`);
  }
  const postgres = await cluster.postgres.describe();
  const settings = { trials, schedules, requestsPerSecond, windowMs, seed, connections: 2 * CONNECTIONS_PER_NODE };
  const { records: _records, heldIds: _heldIds, ...load } = end;
  const figures = { machine, postgres, settings, trials: measured, load, faults };
  console.log(summariseFailover(figures));
  writeFigures(options.output, figures);
} finally {
  worker.close();
  await field.close(options.keep === 'true');
}
process.exitCode = faults.length === 0 ? 0 : 1;

async function runTrial(trial: number, victim: ClusterNode, scheduleIds: readonly number[]): Promise<FailoverTrial> {
  const entries = cluster.nodes.filter((node) => node !== victim);
  await worker.call('direct', { ports: entries.map(({ port }) => port) });
  await pause(windowMs);
  const owners = await heads.owners(scheduleIds);
  const killedMs = nowMs();
  await victim.kill();
  await pause(windowMs);
  await victim.start();
  await cluster.untilReady();
  await heads.untilPlaced(NODES, scheduleIds);
  const requests = readRequests([await worker.call('take', {})]);

  const isOrphan = scheduleIds.map((id) => owners.get(id) === victim.name);
  const of = (isOf: boolean, fromMs: number, toMs: number) =>
    requests.filter(
      ({ schedule, dueMs }) => isOrphan[schedule] === isOf && dueMs >= killedMs + fromMs && dueMs < killedMs + toMs,
    );
  const firstSuccessMs = scheduleIds.flatMap((_, schedule) => {
    if (isOrphan[schedule] !== true) return [];
    // A hold that was asked for before the kill may have been done before it.
    const first = requests.find(
      (request) => request.schedule === schedule && request.dueMs >= killedMs && request.outcome === 'held',
    );
    return [first === undefined ? Number.POSITIVE_INFINITY : first.doneMs - killedMs];
  });
  const latencies = (fromMs: number, toMs: number): number[] =>
    of(false, fromMs, toMs)
      .filter(isDone)
      .map(({ dueMs, doneMs }) => doneMs - dueMs);
  return {
    trial,
    node: victim.name,
    firstSuccessMs,
    othersBeforeMs: latencies(-windowMs, 0),
    othersAfterMs: latencies(0, windowMs),
    othersFailures: { before: countFailures(of(false, -windowMs, 0)), after: countFailures(of(false, 0, windowMs)) },
    orphansFailures: countFailures(of(true, -windowMs, Number.POSITIVE_INFINITY)),
  };
}
