import { createRing } from '../src/cluster/ring.ts';
import { familyCpuUs, processCpuUs } from '../harness/machine/cpu-time.ts';
import { type ClusterField, createClusterField } from './cluster/cluster-field.ts';
import type { Sale } from './sale/sale.ts';
import { nodeIdOf } from './cluster/heads.ts';
import { createFrontrow, type FrontrowContestant } from './contestants/frontrow.ts';
import {
  countSchedules,
  type HoldsLoad,
  holdsOptions,
  mapPathsOf,
  measureHolds,
  readHoldsLoad,
  SEAT_COUNT,
} from './load/holds-load.ts';
import { createLoadProcess, type LoadProcess } from './load/load-process.ts';
import { findRefusals, type MeasuredLoad } from './load/measured-load.ts';
import { summariseForwarding } from './report/forwarding-report.ts';
import { runRounds } from './rounds.ts';
import { createBenchmark } from './run-benchmark.ts';

const USERS = 1_000;
/** Above what a node reaches behind two cores that it shares, so that seats do not run out in a phase. */
const SEATS_PER_SECOND = 25_000;
/** The ring places about half of the fresh schedules at either node; with this many more there are enough. */
const STOCK_FACTOR = 2.3;
const KINDS = ['local', 'forwarded', 'one-node', 'without-redis'] as const;
type Kind = (typeof KINDS)[number];

interface Measured {
  readonly phases: readonly MeasuredLoad[];
  readonly faults: readonly string[];
}

type PhaseSettings = Pick<
  Parameters<typeof measureHolds>[0],
  'round' | 'target' | 'clocks' | 'warmUpIds' | 'scheduleIds' | 'countHolds'
>;

/**
 * There are two nodes, and all connections are to the first. In turns it owns the schedules itself (local), or the second node does
 * (forwarded); a single node with Redis and one without are measured as well. CPU is that of both nodes, PostgreSQL and Redis.
 * Afterwards the databases are audited: a run in which a seat was sold twice, an acknowledged hold is not stored, or a
 * schedule had another owner than the phase needs, is void.
 */
export const forwarding = createBenchmark({
  name: 'forwarding',
  says: 'CPU of a hold and of a map that arrive at a node that does not own the schedule (6 min)',
  options: holdsOptions({ rounds: 4, seconds: 5, warmUpSeconds: 3, connections: 64 }),
  async measure(options, run) {
    const holdsLoad = readHoldsLoad(options);
    const field = await createClusterField(run, { nodes: 2, users: USERS, environment: { DRAIN_MS: '0' } });
    const load = createLoadProcess();
    run.onEnd(() => load.close());
    const { postgres } = field.cluster;
    const databaseUrl = await postgres.createDatabase('without_redis');
    const lone = createFrontrow({ databaseUrl, seatsPerSecond: SEATS_PER_SECOND, users: USERS });
    run.onEnd(() => lone.close());
    const fresh = createFreshSchedules(field.sale, SEAT_COUNT);
    await killNodes(field);
    await lone.createDatabase();
    const phases = await runRounds({
      ...options,
      contenders: KINDS,
      async run(kind, round) {
        const measured =
          kind === 'without-redis'
            ? await runLone(field, load, holdsLoad, lone, round)
            : await runCluster(field, load, holdsLoad, { kind, round, fresh });
        run.addFaults([...measured.faults, ...findRefusals(measured.phases)]);
        return measured.phases;
      },
      labelOf: ({ contestant }) => contestant.padEnd(20),
    });
    await field.audit();
    run.addFaults(await lone.findFaults());
    return { phases, postgres: await postgres.describe() };
  },
  summarise: summariseForwarding,
});

function schedulesFor(holdsLoad: HoldsLoad): { readonly warmUp: number; readonly measured: number } {
  const { warmUpMs, durationMs } = holdsLoad;
  return {
    warmUp: countSchedules(holdsLoad, SEATS_PER_SECOND, warmUpMs),
    measured: countSchedules(holdsLoad, SEATS_PER_SECOND, durationMs),
  };
}

async function runCluster(
  field: ClusterField,
  load: LoadProcess,
  holdsLoad: HoldsLoad,
  phase: { readonly kind: Exclude<Kind, 'without-redis'>; readonly round: number; readonly fresh: FreshSchedules },
): Promise<Measured> {
  const { kind, round, fresh } = phase;
  const nodes = kind === 'one-node' ? 1 : 2;
  const { warmUp, measured } = schedulesFor(holdsLoad);
  await fresh.stock(Math.ceil((warmUp + measured) * (nodes === 1 ? 1 : STOCK_FACTOR)));
  const names = await field.restart(nodes);
  const owner = names[kind === 'forwarded' ? 1 : 0] ?? '';
  const ring = createRing(names);
  const isPlaced = (scheduleId: number): boolean => ring.ownerOf(scheduleId) === owner;
  const warmUpIds = fresh.take(warmUp, isPlaced);
  const scheduleIds = fresh.take(measured, isPlaced);
  const { phases, faults } = await runPhases(load, holdsLoad, kind, {
    round,
    target: { port: field.cluster.nodes[0]?.port ?? 0, tokens: field.tokens },
    clocks: field.clocks(nodes),
    warmUpIds,
    scheduleIds,
    countHolds: (ids) => field.sale.countHolds(ids),
  });
  const owners = [...(await field.heads.owners(scheduleIds)).values()];
  const elsewhere = owners.filter((name) => name !== nodeIdOf(owner)).length;
  if (elsewhere === 0) return { phases, faults };
  return { phases, faults: [...faults, `${kind}, round ${round}: ${elsewhere} schedules had another owner`] };
}

async function runLone(
  field: ClusterField,
  load: LoadProcess,
  holdsLoad: HoldsLoad,
  lone: FrontrowContestant,
  round: number,
): Promise<Measured> {
  await killNodes(field);
  const { warmUp, measured } = schedulesFor(holdsLoad);
  const warmUpIds = await lone.addSchedules(warmUp, SEAT_COUNT);
  const scheduleIds = await lone.addSchedules(measured, SEAT_COUNT);
  const { postgres } = field.cluster;
  await postgres.settle([lone.databaseUrl]);
  const server = await lone.start({ env: { DRAIN_MS: '0', REDIS_URL: '' } });
  try {
    return await runPhases(load, holdsLoad, 'without-redis', {
      round,
      target: { port: server.port, tokens: lone.shoppers().map(({ token }) => token) },
      clocks: {
        'node-1': () => processCpuUs(server.processId),
        postgres: () => familyCpuUs(postgres.postmasterId),
      },
      warmUpIds,
      scheduleIds,
      countHolds: (ids) => lone.countHolds(ids),
    });
  } finally {
    await server.kill();
  }
}

/** A phase of holds, and one of maps for half of its time. */
async function runPhases(load: LoadProcess, holdsLoad: HoldsLoad, kind: Kind, phase: PhaseSettings): Promise<Measured> {
  const { warmUpIds, scheduleIds } = phase;
  const warmPaths = mapPathsOf([...warmUpIds, ...scheduleIds]);
  const { held, faults, read } = await measureHolds({ load, holdsLoad, contestant: kind, warmPaths, ...phase });
  const paths = mapPathsOf(scheduleIds.slice(0, holdsLoad.spread));
  return { phases: [held, await read(`${kind} map`, paths, holdsLoad.durationMs / 2)], faults };
}

async function killNodes({ cluster: { nodes } }: ClusterField): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill()));
}

/** Schedules without any request so far. */
interface FreshSchedules {
  /** Adds schedules until there are at least `count`. */
  stock(count: number): Promise<void>;
  /** Removes and returns `count` schedules that fit, in order; throws when there are fewer. */
  take(count: number, fits: (scheduleId: number) => boolean): number[];
}

/** A stock of schedules of `seatCount` seats. The ring can place them only when the nodes have names. */
function createFreshSchedules(sale: Pick<Sale, 'addSchedules'>, seatCount: number): FreshSchedules {
  let stocked: number[] = [];
  return {
    async stock(count) {
      const missing = count - stocked.length;
      if (missing > 0) stocked.push(...(await sale.addSchedules(missing, seatCount)));
    },
    take(count, fits) {
      const taken = new Set(stocked.filter(fits).slice(0, count));
      if (taken.size < count) throw new Error(`Of ${stocked.length} fresh schedules only ${taken.size} fit.`);
      stocked = stocked.filter((scheduleId) => !taken.has(scheduleId));
      return [...taken];
    },
  };
}
