import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterNode } from '../harness/cluster/cluster-node.ts';
import { createMachineClock } from '../harness/machine/monotonic-clock.ts';
import { count } from '../harness/options.ts';
import { type ClusterField, createClusterField } from './cluster/cluster-field.ts';
import { type FailoverTrial, summariseFailover } from './report/failover-report.ts';
import { createBenchmark } from './run-benchmark.ts';
import { findMissingHolds } from './steady/missing-holds.ts';
import { createSteadyWorker, type SteadyWorker } from './steady/steady-calls.ts';
import { countFailures, isDone, readRequests, type SteadyRequest } from './steady/timeline.ts';

const NODES = 3;
const SEAT_COUNT = 50;
const USERS = 200;
/** The commands of a third of the schedules wait for up to 1.5 s, each with its connection. */
const CONNECTIONS_PER_NODE = 256;
const WARM_UP_MS = 5_000;

const nowMs = createMachineClock();

/**
 * Three nodes take a steady load of holds and releases on all schedules, sent to two of them; the third is killed, each in turn. Measured
 * for each of its schedules: the time from the kill to the first hold that was due after it. For the other schedules: the
 * latency before and after. Afterwards every acknowledged hold must be stored, and the database is audited.
 */
export const failover = createBenchmark({
  name: 'failover',
  says: 'how soon the schedules of a killed node sell again, and what the others notice (6 min)',
  options: {
    trials: count(20, 1, 1_000, 'kills, of the nodes in turns'),
    schedules: count(60, NODES, 10_000, `schedules on which seats are held and released, of ${SEAT_COUNT} seats each`),
    rate: count(600, 1, 20_000, 'requests a second, over all schedules'),
    windowSeconds: count(6, 1, 60, 'measured before and after each kill'),
    seed: count(1, 0, 2 ** 31, 'order of the requests'),
  },
  async measure({ trials: kills, schedules, rate, windowSeconds, seed }, run) {
    const field = await createClusterField(run, { nodes: NODES, users: USERS });
    const { cluster, sale, heads } = field;
    const worker = createSteadyWorker();
    run.onEnd(() => worker.close());
    const scheduleIds = await sale.addSchedules(schedules, SEAT_COUNT);
    await worker.call('start', {
      ports: cluster.nodes.map(({ port }) => port),
      connectionsPerPort: CONNECTIONS_PER_NODE,
      scheduleIds,
      seatCount: SEAT_COUNT,
      tokens: field.tokens,
      requestsPerSecond: rate,
      seed,
    });
    await heads.untilPlaced(NODES, scheduleIds);
    await pause(WARM_UP_MS);
    const trials: FailoverTrial[] = [];
    for (let trial = 1; trial <= kills; trial += 1) {
      const victim = cluster.nodes[(trial - 1) % NODES];
      if (victim === undefined) break;
      const measured = await runTrial(field, worker, { trial, victim, scheduleIds, windowMs: windowSeconds * 1_000 });
      trials.push(measured);
      const { firstSuccessMs } = measured;
      const lastMs = Math.round(Math.max(...firstSuccessMs));
      run.tell(
        `trial ${trial}/${kills}  ${victim.name} killed, its ${firstSuccessMs.length} schedules back after at most ${lastMs} ms`,
      );
    }
    const { records: _records, heldIds, ...load } = await worker.call('stop', {});
    run.addFaults(await findMissingHolds(sale.pool, heldIds));
    await field.audit();
    for (const exit of cluster.exits().filter(({ wasAsked }) => !wasAsked)) {
      run.addFaults([`${exit.node} ended by itself with ${exit.signal ?? exit.code}: ${exit.output}`]);
    }
    return { trials, load, connections: 2 * CONNECTIONS_PER_NODE, postgres: await cluster.postgres.describe() };
  },
  summarise: summariseFailover,
});

async function runTrial(
  { cluster, heads }: ClusterField,
  worker: SteadyWorker,
  settings: {
    readonly trial: number;
    readonly victim: ClusterNode;
    readonly scheduleIds: readonly number[];
    readonly windowMs: number;
  },
): Promise<FailoverTrial> {
  const { trial, victim, scheduleIds, windowMs } = settings;
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
  const select = (isOf: boolean, fromMs: number, toMs: number): SteadyRequest[] =>
    requests.filter(
      ({ schedule, dueMs }) => isOrphan[schedule] === isOf && dueMs >= killedMs + fromMs && dueMs < killedMs + toMs,
    );
  const latenciesOf = (selected: readonly SteadyRequest[]): number[] =>
    selected.filter(isDone).map(({ dueMs, doneMs }) => doneMs - dueMs);
  const firstSuccessMs = scheduleIds.flatMap((_, schedule) => {
    if (isOrphan[schedule] !== true) return [];
    // The old owner may have done a hold that was due before the kill.
    const first = requests.find(
      (request) => request.schedule === schedule && request.dueMs >= killedMs && request.outcome === 'held',
    );
    return [first === undefined ? Number.POSITIVE_INFINITY : first.doneMs - killedMs];
  });
  const [before, after] = [select(false, -windowMs, 0), select(false, 0, windowMs)];
  return {
    trial,
    node: victim.name,
    firstSuccessMs,
    othersBeforeMs: latenciesOf(before),
    othersAfterMs: latenciesOf(after),
    othersFailures: { before: countFailures(before), after: countFailures(after) },
    orphansFailures: countFailures(select(true, -windowMs, Number.POSITIVE_INFINITY)),
  };
}
