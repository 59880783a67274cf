import { readFileSync } from 'node:fs';
import { startCluster } from '../../harness/cluster/cluster.ts';
import { openFront } from '../../demo/cluster/front/front.ts';
import { createCaller, type Place } from '../history/caller.ts';
import { judgeHistory } from '../history/judge.ts';
import { readSaleRecord } from '../history/sale-record.ts';
import { createRandom } from '../../harness/random.ts';
import { auditDatabase } from '../../harness/service/database-audit.ts';
import { createCrowd } from './crowd.ts';
import type { FaultName } from './faults.ts';
import { MUTATIONS, type MutationName } from './mutations.ts';
import { measurePeak, startSteadyLoad } from './steady-load.ts';
import { raiseStorm } from './storm.ts';
import { createTemptation } from './temptation.ts';
import { openVenue, type VenueSize } from './venue.ts';
import { findBadExits, type Verdict } from './verdict.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Acts a second; null: half of what the machine gives, which is measured first. */
  readonly perSecond: number | null;
  /** Null: all. */
  readonly kinds: readonly FaultName[] | null;
  readonly size: VenueSize;
  /** Whether the load goes to the nodes themselves, dead or alive, or through the front, which chooses ready nodes. */
  readonly via: 'nodes' | 'front';
  readonly without: MutationName | null;
  readonly postgresSettings?: Readonly<Record<string, string>>;
  readonly say: (words: string) => void;
  /** Gets a function that ends the run at once. */
  readonly onCluster?: (close: () => Promise<void>) => void;
}

const NODES = 3;
const SEATS_PER_USER = 10;
/** Holds expire during faults, but not before a temptation ends: the alarm would wake the new owner. */
const HOLD_TTL_MS = 10_000;
/** The service promises an answer within this. */
const ANSWER_LIMIT_MS = 10_000;
const PEAK_LANES = 48;
const PEAK_MS = 5_000;
const LOAD_SHARE = 0.5;
const HEAL_LIMIT_MS = 60_000;
const DRAIN_LIMIT_MS = 25_000;
/** A node logs this when it cannot reach its database at its start; the drill starts it again. */
const NOT_STARTED = 'frontrow could not start';

/** Runs a cluster through a storm of faults under load, and judges the result. The cluster has ended when this resolves. */
export async function runChaos(options: ChaosOptions): Promise<Verdict> {
  const { seed, say, without } = options;
  const findings: string[] = [];
  const cluster = await startCluster({
    nodes: NODES,
    proxies: ['peers', 'postgres'],
    environment: {
      DEMO_DATA: 'false',
      HOLD_TTL_MS: String(HOLD_TTL_MS),
      MAX_SEATS_PER_USER: String(SEATS_PER_USER),
    },
    nodeOptions:
      without === null ? [] : ['--import', new URL(`load-mutated.ts?without=${without}`, import.meta.url).href],
    ...(options.postgresSettings === undefined ? {} : { postgresSettings: options.postgresSettings }),
  });
  options.onCluster?.(() => cluster.close());
  const caller = createCaller({ lateMs: ANSWER_LIMIT_MS });
  let closeFront = async (): Promise<void> => undefined;
  try {
    await cluster.untilReady();
    if (without !== null)
      requireMutated(
        cluster.nodes.map(({ logFile }) => logFile),
        without,
      );
    const [first, ...rest] = cluster.nodes;
    if (first === undefined) throw new Error('a cluster without nodes');
    const front = options.via === 'front' ? await openFront({ nodes: cluster.nodes, port: 0 }) : null;
    closeFront = async () => front?.close();
    const places: readonly [Place, ...Place[]] = [first, ...rest];
    const entrances: readonly [Place, ...Place[]] = front === null ? places : [{ name: 'front', url: front.url }];
    const venue = await openVenue(caller, places, { adminToken: cluster.adminToken, size: options.size });
    const onBroken = (error: unknown): void => {
      findings.push(
        `an answer that could not be read: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    };
    const crowd = createCrowd({ random: createRandom(seed + 1), caller, places: entrances, venue, onBroken });
    const perSecond = options.perSecond ?? LOAD_SHARE * (await measurePeak(crowd, PEAK_LANES, PEAK_MS));
    say(
      `${perSecond.toFixed(0)} acts/s at ${NODES} nodes for ${(options.durationMs / 1_000).toFixed(0)} s, --seed ${seed}`,
    );

    const load = startSteadyLoad(crowd, perSecond);
    const whims = createRandom(seed + 2);
    const storm = await raiseStorm(
      {
        cluster,
        random: createRandom(seed),
        tempt: (node) => createTemptation({ cluster, caller, venue, random: whims, node, onBroken }),
      },
      { durationMs: options.durationMs, kinds: options.kinds, say },
    );
    findings.push(...storm.failures);
    await cluster.untilReady(HEAL_LIMIT_MS).catch((error: unknown) => findings.push(`not healed: ${String(error)}`));
    const left = await load.drain(DRAIN_LIMIT_MS);
    if (left > 0) findings.push(`${left} requests were under way ${DRAIN_LIMIT_MS} ms after the last one`);
    findings.push(...caller.late.map((words) => `answered too late: ${words}`));

    say('auditing');
    const audit = await auditDatabase(cluster.databaseUrl, { maxSeats: SEATS_PER_USER, isPolicyUnchanged: true });
    findings.push(...audit.faults.map((fault) => `audit: ${fault}`));
    const record = await readSaleRecord(cluster.databaseUrl);
    findings.push(...judgeHistory(record, caller.operations));
    const logs = cluster.nodes.map(({ logFile }) => logFile);
    findings.push(...findBugs(logs));
    await cluster.close({ keepFiles: findings.length > 0 && without === null });
    findings.push(...findBadExits(cluster.exits()));
    return {
      seed,
      perSecond,
      durationMs: options.durationMs,
      faults: storm.counts,
      operations: caller.operations,
      skipped: load.skipped,
      invariants: audit.checks,
      findings,
    };
  } finally {
    caller.close();
    await closeFront();
    await cluster.close();
  }
}

/** A run without its mutation would prove nothing. */
function requireMutated(logs: readonly string[], without: MutationName): void {
  for (const log of logs) {
    const said = readFileSync(log, 'utf8').split(`MUTATED without ${without}`).length - 1;
    if (said !== MUTATIONS[without].length) {
      throw new Error(`A node loaded ${said} of ${MUTATIONS[without].length} sources without ${without}; see ${log}.`);
    }
  }
}

/** Lines that a node logs as errors. */
function findBugs(logs: readonly string[]): string[] {
  return logs.flatMap((log) =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => /"level":(50|60)/.test(line) && !line.includes(NOT_STARTED))
      .slice(0, 5)
      .map((line) => `logged as an error: ${line.slice(0, 600)}`),
  );
}
