import type { Field } from '../contestants/field.ts';
import type { StartOverrides } from '../contestants/frontrow.ts';
import { runBroadcastPhase } from './broadcast-phase.ts';
import type { BroadcastPhase } from './broadcast-phase.ts';
import { openHall, peopleOf } from './hall.ts';
import { runHallPhase } from './phase.ts';
import type { HallPhase } from './phase.ts';
import { createCrowd, createLoad } from './workers.ts';

export interface FanOutSettings {
  readonly crowds: readonly number[];
  readonly changesPerSecond: number;
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly overrides: StartOverrides;
}

/** The service without watchers, and with a crowd beside the bare broadcast of the same frames. */
export interface FanOutRound {
  readonly alone: HallPhase;
  readonly crowds: readonly { readonly service: HallPhase; readonly broadcast: BroadcastPhase }[];
}

/** Runs the contestants in turns and tells `progress` of every phase. */
export async function runFanOut(
  field: Field,
  settings: FanOutSettings,
  progress: (line: string) => void,
): Promise<FanOutRound[]> {
  const rounds: FanOutRound[] = [];
  for (let round = 1; round <= settings.rounds; round += 1) {
    const seed = settings.seed * 1_000 + round;
    const alone = await runServicePhase(field, settings, { watchers: 0, stuck: 0, seed });
    progress(`round ${round}/${settings.rounds}  nobody watches`);
    const crowds: { service: HallPhase; broadcast: BroadcastPhase }[] = [];
    for (const watchers of settings.crowds) {
      const service = await runServicePhase(field, settings, { watchers, stuck: 0, seed });
      progress(`round ${round}/${settings.rounds}  ${watchers} watch the service`);
      const crowd = createCrowd();
      try {
        const broadcast = await runBroadcastPhase(`broadcast to ${watchers}, round ${round}`, service, crowd);
        crowds.push({ service: { ...service, recording: [] }, broadcast });
      } finally {
        crowd.close();
      }
      progress(`round ${round}/${settings.rounds}  ${watchers} watch the bare broadcast`);
    }
    rounds.push({ alone, crowds });
  }
  return rounds;
}

/** One phase on a fresh service with fresh watchers and a fresh load. */
async function runServicePhase(
  field: Field,
  settings: FanOutSettings,
  phase: { readonly watchers: number; readonly stuck: number; readonly seed: number },
): Promise<HallPhase> {
  const hall = await openHall(field, settings.overrides);
  const crowd = createCrowd();
  const load = createLoad();
  try {
    const name = `${phase.watchers} watchers, seed ${phase.seed}`;
    return await runHallPhase(name, hall, { crowd, load }, { ...settings, ...phase, ...peopleOf(field) });
  } finally {
    crowd.close();
    load.close();
    await hall.server.stop();
  }
}
