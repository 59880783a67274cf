/**
 * `npm run bench:forwarding`: what it costs when a hold arrives at a node that does not own its schedule.
 *
 * Two nodes; all connections are to the first. In turns it owns the schedules itself (local), or the second does (forwarded); beside
 * that a single node with Redis and one without. CPU is counted on both nodes, in PostgreSQL and in Redis. The same for
 * reading maps. Afterwards the databases are audited: a run in which a seat was sold twice, an acknowledged hold is not stored, or
 * a schedule was owned elsewhere than the phase says is void and exits with 1.
 */
import { createRing } from '../src/cluster/ring.ts';
import { type ClusterField, createClusterField } from './cluster/cluster-field.ts';
import { createFreshSchedules } from './cluster/fresh-schedules.ts';
import { nodeIdOf } from './cluster/heads.ts';
import { createFrontrow, type FrontrowContestant } from './contestants/frontrow.ts';
import { countSchedules, mapPathsOf, planHolds, readHoldsLoad } from './load/holds-load.ts';
import { countAccepted, type MeasuredLoad, measureParts } from './load/measured-load.ts';
import type { CpuClocks } from '../harness/machine/cpu-parts.ts';
import { familyCpuUs, processCpuUs } from '../harness/machine/cpu-time.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { readOptions } from '../harness/options.ts';
import { writeFigures } from './report/figures-file.ts';
import { summariseForwarding } from './report/forwarding-report.ts';
import { runRounds } from './rounds.ts';

const USAGE = `npm run bench:forwarding -- [options]
  --rounds 4            phases of each kind
  --seconds 5           length of a measured phase of holds; maps are read for half of it
  --warm-up-seconds 3   holds before it, on seats of their own
  --connections 64      keep-alive connections, all to one node
  --spread 200          schedules that are on sale at a time, of 50 seats each
  --seed 1
  --output FILE         figures of every phase as JSON
  --keep true           keep the databases`;

const USERS = 1_000;
/** Above what a node reaches behind two cores that it shares, so that seats do not run out in a phase. */
const SEATS_PER_SECOND = 25_000;
/** Of fresh schedules about half are placed at either node; with this many more there are enough. */
const STOCK_FACTOR = 2.3;
const KINDS = ['local', 'forwarded', 'one-node', 'without-redis'] as const;
type Kind = (typeof KINDS)[number];

const options = readOptions(USAGE, {
  rounds: '4',
  seconds: '5',
  'warm-up-seconds': '3',
  connections: '64',
  spread: '200',
  seed: '1',
  output: null,
  keep: null,
});
const holdsLoad = readHoldsLoad(options, { leastWarmUpSeconds: 1 });
const { rounds, durationMs, warmUpMs, spread, seatCount, seed } = holdsLoad;
const schedulesFor = (phaseMs: number): number => countSchedules(holdsLoad, SEATS_PER_SECOND, phaseMs);
const neededSchedules = schedulesFor(warmUpMs) + schedulesFor(durationMs);

const machine = describeMachine();
const field = await createClusterField({ nodes: 2, users: USERS, environment: { DRAIN_MS: '0' } });
const { cluster, sale, heads, load } = field;
const faults: string[] = [];
let lone: FrontrowContestant | null = null;
try {
  const contestant = createFrontrow({
    databaseUrl: await cluster.postgres.createDatabase('without_redis'),
    seatsPerSecond: SEATS_PER_SECOND,
    users: USERS,
  });
  lone = contestant;
  const fresh = createFreshSchedules(sale, seatCount);
  await killNodes(field);
  await contestant.createDatabase();
  const phases = await runRounds({
    rounds,
    seed,
    contenders: KINDS,
    run: (kind, round) => (kind === 'without-redis' ? runLone(contestant, round) : runCluster(kind, round, fresh)),
    labelOf: (phase) => phase.contestant.padEnd(20),
  });
  faults.push(...(await field.findFaults()), ...(await contestant.findFaults()));
  const postgres = await cluster.postgres.describe();
  const figures = { machine, postgres, settings: { ...holdsLoad }, phases, faults };
  console.log(summariseForwarding(figures));
  writeFigures(options.output, figures);
} finally {
  await lone?.close();
  await field.close(options.keep === 'true');
}
process.exitCode = faults.length === 0 ? 0 : 1;

async function runCluster(
  kind: Exclude<Kind, 'without-redis'>,
  round: number,
  fresh: ReturnType<typeof createFreshSchedules>,
): Promise<MeasuredLoad[]> {
  const nodes = kind === 'one-node' ? 1 : 2;
  await fresh.stock(Math.ceil(neededSchedules * (nodes === 1 ? 1 : STOCK_FACTOR)));
  const names = await field.restart(nodes);
  const owner = names[kind === 'forwarded' ? 1 : 0] ?? '';
  const ring = createRing(names);
  const isPlaced = (scheduleId: number): boolean => ring.ownerOf(scheduleId) === owner;
  const warmUpIds = fresh.take(schedulesFor(warmUpMs), isPlaced);
  const scheduleIds = fresh.take(schedulesFor(durationMs), isPlaced);
  const measured = await runPhases({
    kind,
    round,
    port: cluster.nodes[0]?.port ?? 0,
    tokens: field.tokens,
    clocks: field.clocks(nodes),
    warmUpIds,
    scheduleIds,
    countHolds: (ids) => sale.countHolds(ids),
  });
  const elsewhere = [...(await heads.owners(scheduleIds)).values()].filter((name) => name !== nodeIdOf(owner));
  if (elsewhere.length > 0) faults.push(`${kind}, round ${round}: ${elsewhere.length} schedules were owned elsewhere`);
  return measured;
}

async function runLone(contestant: FrontrowContestant, round: number): Promise<MeasuredLoad[]> {
  await killNodes(field);
  const warmUpIds = await contestant.addSchedules(schedulesFor(warmUpMs), seatCount);
  const scheduleIds = await contestant.addSchedules(schedulesFor(durationMs), seatCount);
  const { postgres } = cluster;
  await postgres.settle([contestant.databaseUrl]);
  const server = await contestant.start({ env: { DRAIN_MS: '0', REDIS_URL: '' } });
  try {
    return await runPhases({
      kind: 'without-redis',
      round,
      port: server.port,
      tokens: contestant.shoppers().map(({ token }) => token),
      clocks: {
        'node-1': () => processCpuUs(server.processId),
        postgres: () => familyCpuUs(postgres.postmasterId),
      },
      warmUpIds,
      scheduleIds,
      countHolds: (ids) => contestant.countHolds(ids),
    });
  } finally {
    await server.kill();
  }
}

async function runPhases(phase: {
  readonly kind: Kind;
  readonly round: number;
  readonly port: number;
  readonly tokens: readonly string[];
  readonly clocks: CpuClocks;
  readonly warmUpIds: readonly number[];
  readonly scheduleIds: readonly number[];
  readonly countHolds: (scheduleIds: readonly number[]) => Promise<number>;
}): Promise<MeasuredLoad[]> {
  const { kind, round, port, tokens, clocks, warmUpIds, scheduleIds } = phase;
  const plans = planHolds(holdsLoad, { port, tokens }, { round });
  const activation = await load.run(plans.readOnce(mapPathsOf([...warmUpIds, ...scheduleIds])));
  if (countAccepted(activation.allAnswers) !== warmUpIds.length + scheduleIds.length) {
    throw new Error(`${kind} answered the reads before the load with ${JSON.stringify(activation.allAnswers)}.`);
  }
  await load.run(plans.holds(warmUpIds, warmUpMs));
  const common = { load, clocks, round } as const;
  const held = await measureParts({ ...common, contestant: kind, plan: plans.holds(scheduleIds, durationMs) });
  const stored = await phase.countHolds(scheduleIds);
  const acknowledged = countAccepted(held.result.allAnswers);
  if (stored !== acknowledged) {
    faults.push(`${kind}, round ${round}: ${acknowledged} holds were acknowledged, ${stored} are stored`);
  }
  const maps = plans.readOn(mapPathsOf(scheduleIds.slice(0, spread)), durationMs / 2);
  const read = await measureParts({ ...common, contestant: `${kind} map`, plan: maps });
  for (const { contestant, result } of [held, read]) {
    if (Object.keys(result.codes).length > 0) {
      faults.push(`${contestant}, round ${round}: refusals ${JSON.stringify(result.codes)}`);
    }
  }
  return [held, read];
}

async function killNodes({ cluster: { nodes } }: ClusterField): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill()));
}
