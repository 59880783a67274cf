import { counts } from '../harness/options.ts';
import { createField, type Field } from './contestants/field.ts';
import { type BroadcastPhase, runBroadcastPhase } from './fan-out/broadcast-phase.ts';
import { createCrowd, withHall } from './fan-out/hall.ts';
import { LIVE_OPTIONS, type LiveSettings, readLiveSettings } from './fan-out/live-options.ts';
import { type HallPhase, runHallPhase } from './fan-out/phase.ts';
import { summariseLive } from './report/live-report.ts';
import { createBenchmark } from './run-benchmark.ts';

/** The service without watchers, and with each crowd next to the bare broadcast of the same frames. */
export interface LiveRound {
  readonly alone: HallPhase;
  readonly crowds: readonly { readonly service: HallPhase; readonly broadcast: BroadcastPhase }[];
}

/**
 * Crowds watch one schedule of 500 seats while holds and releases arrive at a fixed rate over HTTP. The service, the watchers
 * and the load each have a process; a bare `ws` server then sends the recorded frames at the same times to as many sockets,
 * in turns. Afterwards every watcher's map must equal the service's answer and the database, and the database is audited.
 */
export const live = createBenchmark({
  name: 'live',
  says: 'what it costs to show a hall to 1 000 and to 5 000 watchers, next to a bare ws broadcast (5 min)',
  options: { watchers: counts('1000,5000', 1, 20_000, 'sizes of the crowd'), ...LIVE_OPTIONS },
  async measure(options, run) {
    const settings = readLiveSettings(options);
    const field = await createField(run, { only: ['frontrow'] });
    const rounds: LiveRound[] = [];
    for (let round = 1; round <= settings.rounds; round += 1) {
      const seed = settings.seed * 1_000 + round;
      const measured = await runRound(field, { ...settings, seed }, options.watchers, (words) =>
        run.tell(`round ${round}/${settings.rounds}  ${words}`),
      );
      rounds.push(measured);
      run.addFaults(measured.alone.faults);
      for (const { service, broadcast } of measured.crowds) run.addFaults([...service.faults, ...broadcast.faults]);
    }
    await field.audit();
    return { rounds, postgres: await field.postgres.describe() };
  },
  summarise: summariseLive,
});

async function runRound(
  field: Field,
  settings: LiveSettings,
  sizes: readonly number[],
  tell: (words: string) => void,
): Promise<LiveRound> {
  const alone = await runService(field, settings, 0);
  tell('without watchers');
  const crowds: { service: HallPhase; broadcast: BroadcastPhase }[] = [];
  for (const watchers of sizes) {
    const service = await runService(field, settings, watchers);
    tell(`${watchers} watch the service`);
    const crowd = createCrowd();
    try {
      const name = `broadcast to ${watchers}, seed ${settings.seed}`;
      crowds.push({ service: { ...service, recording: [] }, broadcast: await runBroadcastPhase(name, service, crowd) });
    } finally {
      crowd.close();
    }
    tell(`${watchers} watch the bare broadcast`);
  }
  return { alone, crowds };
}

function runService(field: Field, settings: LiveSettings, watchers: number): Promise<HallPhase> {
  const name = `${watchers} watchers, seed ${settings.seed}`;
  return withHall(field, settings.overrides, (hall, crowd, load) =>
    runHallPhase(name, field, { hall, crowd, load }, { ...settings, watchers, stuck: 0 }),
  );
}
