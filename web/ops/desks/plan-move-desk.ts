import type { SchedulePlan, SeatPlanVersion } from '../../../src/client/answers.ts';
import type { DeskTools } from '../desk-tools.ts';

export interface PlanMove {
  readonly concertId: number;
  readonly scheduleId: number;
  readonly plan: SeatPlanVersion;
  /** The date and its seats, in words. */
  readonly what: { readonly when: string; readonly seats: number };
  /** Prices of the levels that the date does not have yet. */
  readonly levels: readonly { readonly name: string; readonly price: number }[];
  /** By seat number. */
  readonly names: ReadonlyMap<number, string>;
}

/** The levels of a newer version that have no price yet. */
export function newLevels(now: SchedulePlan, then: SeatPlanVersion): readonly string[] {
  const known = new Set(now.levels.map(({ name }) => name));
  return then.levels.map(({ name }) => name).filter((name) => !known.has(name));
}

/** Moves dates to newer versions of their plans. `refresh` reads the concert again. */
export function createPlanMoveDesk(tools: DeskTools, refresh: (concertId: number) => Promise<void>) {
  const { run, ask, done } = tools;

  /** A refusal names the seats that are reserved or blocked and not in the new version. */
  function reword(names: PlanMove['names']): void {
    const { fault } = tools.state;
    if (fault?.code !== 'SEATS_NOT_IN_PLAN') return;
    const missing = (fault.seatNumbers ?? []).map((seatNumber) => names.get(seatNumber) ?? String(seatNumber));
    tools.change({ fault: { ...fault, title: (t) => t.moving.missing(missing.join(', ')), lines: [] } });
  }

  return {
    move({ concertId, scheduleId, plan, what, levels, names }: PlanMove): void {
      const { version, totalSeats } = plan;
      ask({
        task: 'move-plan',
        title: (t) => t.moving.title,
        lines: [
          (t, format) =>
            t.moving.words(what.when, String(version), format.number(what.seats), format.number(totalSeats)),
          (t) => t.moving.effect,
        ],
        yes: (t) => t.moving.yes(String(version)),
        async run() {
          const isDone = await run('move-plan', async (admin) => {
            await admin.changeSchedule(scheduleId, {
              planVersion: version,
              ...(levels.length === 0 ? {} : { levels }),
            });
          });
          if (!isDone) {
            reword(names);
            return false;
          }
          tools.change({ catalogue: { ...tools.state.catalogue, editedDate: null } });
          await refresh(concertId);
          done((t) => t.moving.done(String(version)));
          return true;
        },
      });
    },
  };
}
