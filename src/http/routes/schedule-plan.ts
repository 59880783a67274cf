import { Type } from '@fastify/type-provider-typebox';
import type { Schedule } from '../../domain/catalogue.ts';
import { isoOf } from '../../domain/instant.ts';
import { generatePlan, numberSeats, type SeatPlan } from '../../domain/seat-plan.ts';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import { type ConstantAnswer, createConstantAnswer, sendConstant } from '../answers/constant-answer.ts';
import { viewSections } from '../answers/seat-plan-views.ts';
import { NoQuery, PathId, refer } from '../schemas/basics.ts';
import { SchedulePlan } from '../schemas/seat-plans.ts';
import type { App, Services } from '../services.ts';

/** Texts of plans that are kept; one of 2 000 seats has about 200 KiB. */
const KEPT_TEXTS = 50;
/** The version of a plan never changes, but an organiser may change the price of a level. */
const KEPT_FOR_MS = 1_000;

interface KeptText {
  readonly madeAtMs: number;
  /** Of the schedule. */
  readonly version: number;
  readonly text: Promise<ConstantAnswer>;
}

/** Where the seats of a schedule are, what they are called, and what each price level costs. */
export function schedulePlanRoute(app: App, { catalogue, seatPlans, responder, clock }: Services): void {
  const texts = createBoundedMap<number, KeptText>(KEPT_TEXTS);

  /** Requests of the same second share a text, so a rush on a plan costs one statement a second. */
  function textOf(schedule: Schedule): Promise<ConstantAnswer> {
    const kept = texts.get(schedule.scheduleId);
    const madeAtMs = clock.monotonicMs();
    if (kept !== undefined && kept.version === schedule.version && madeAtMs - kept.madeAtMs < KEPT_FOR_MS)
      return kept.text;
    const text = writePlan(schedule);
    texts.set(schedule.scheduleId, { madeAtMs, version: schedule.version, text });
    return text;
  }

  async function writePlan({ scheduleId, plan: key, accessibleReleaseAtMs }: Schedule): Promise<ConstantAnswer> {
    const prices = await seatPlans.readPrices(scheduleId);
    const plan = key === null ? generatePlan(prices) : await seatPlans.findVersion(key);
    if (plan === null) throw new Error(`the plan of schedule ${scheduleId} has vanished`);
    const body = JSON.stringify({
      scheduleId,
      planId: key?.planId ?? null,
      version: key?.version ?? null,
      name: key === null ? null : plan.name,
      accessibleReleaseAt: accessibleReleaseAtMs === null ? null : isoOf(accessibleReleaseAtMs),
      levels: priceLevels(plan, prices),
      sections: viewSections(plan),
    });
    return createConstantAnswer('application/json; charset=utf-8', body);
  }

  app.get(
    '/schedules/:scheduleId/plan',
    {
      schema: {
        operationId: 'getSchedulePlan',
        summary: 'The seat plan of a schedule',
        description:
          'Sections, rows and seats with labels, coordinates and attributes, and the price of each level. The plan of a schedule changes only with its version or its prices.',
        tags: ['catalogue'],
        params: Type.Object({ scheduleId: PathId }),
        querystring: NoQuery,
        response: { 200: refer(SchedulePlan) },
      },
      config: { guard: 'nobody', refuses: ['SCHEDULE_NOT_FOUND'] },
    },
    async (request, reply) => {
      const schedule = await catalogue.findSchedule(Number(request.params.scheduleId));
      if (schedule === null) return responder.refuse(reply, { code: 'SCHEDULE_NOT_FOUND', members: {} });
      const answer = await textOf(schedule);
      reply.header('cache-control', 'public, max-age=60');
      sendConstant(request, reply, answer);
    },
  );
}

/** The lowest price of each level's seats; an organiser can give single seats another price. */
function priceLevels(plan: SeatPlan, prices: readonly number[]): readonly { name: string; price: number }[] {
  const lowest = new Map<string, number>();
  for (const { seatNumber, seat } of numberSeats(plan)) {
    const price = prices[seatNumber - 1] ?? 0;
    lowest.set(seat.level, Math.min(price, lowest.get(seat.level) ?? price));
  }
  return plan.levels.map(({ name }) => ({ name, price: lowest.get(name) ?? 0 }));
}
