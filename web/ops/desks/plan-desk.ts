import type { PlanSource } from '../../../src/client/admin-client.ts';
import type { SeatPlanSummary, SeatPlanVersion } from '../../../src/client/answers.ts';
import type { Say } from '../console-state.ts';
import { hashOf } from '../console-route.ts';
import type { DeskTools } from '../desk-tools.ts';

export interface PlanState {
  readonly plans: readonly SeatPlanSummary[] | null;
  /** The plan that the section shows; null until it has been read. */
  readonly plan: SeatPlanVersion | 'missing' | null;
}

export const FIRST_PLANS: PlanState = { plans: null, plan: null };

/** What an organiser gives as a plan: a name for CSV, and a text. */
export interface PlanInput {
  readonly name: string;
  readonly text: string;
}

/** More plans than a house has halls. */
const PAGE = 100;

/** The plans of halls. */
export function createPlanDesk(tools: DeskTools) {
  const { run, load, done } = tools;
  const note = (changes: Partial<PlanState>): void =>
    tools.change({ planning: { ...tools.state.planning, ...changes } });

  return {
    openList: () => load('plans', async (admin) => note({ plans: (await admin.seatPlans({ limit: PAGE })).items })),
    async open(planId: number): Promise<void> {
      const shown = tools.state.planning.plan;
      if (shown === null || shown === 'missing' || shown.planId !== planId) note({ plan: null });
      await load('plan', async (admin) => note({ plan: await admin.seatPlan(planId) }));
      if (tools.state.fault?.code !== 'SEAT_PLAN_NOT_FOUND') return;
      note({ plan: 'missing' });
      tools.change({ fault: null });
    },
    /** Creates a plan, or with `planId` its next version. */
    async import(input: PlanInput, planId?: number): Promise<void> {
      const source = sourceOf(input, planId !== undefined);
      if ('refused' in source) {
        tools.change({ fault: { at: 'import', code: 'INPUT', title: source.refused, lines: [] }, done: null });
        return;
      }
      let plan: SeatPlanVersion | null = null;
      await run('import', async (admin) => {
        plan = await admin.importPlan(source, planId);
        note({ plan });
      });
      const imported = plan as SeatPlanVersion | null;
      if (imported === null) return;
      await tools.go(hashOf({ section: 'plans', planId: imported.planId }));
      done((t, format) => t.plans.imported(imported.name, format.number(imported.totalSeats)));
    },
  };
}

function sourceOf({ name, text }: PlanInput, isNamed: boolean): PlanSource | { readonly refused: Say } {
  const content = text.trim();
  if (content === '') return { refused: (t) => t.plans.nothing };
  if (!content.startsWith('{')) {
    return name === '' && !isNamed ? { refused: (t) => t.plans.needsName } : { name, table: content };
  }
  try {
    return { plan: JSON.parse(content) as object };
  } catch {
    return { refused: (t) => t.plans.noJson };
  }
}
