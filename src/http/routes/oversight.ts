import type { Static } from '@fastify/type-provider-typebox';
import { admitsConcert } from '../../domain/admin.ts';
import type { ActivitySample as Sample } from '../../health/activity-sample.ts';
import type { Concert, ConcertQueue } from '../../domain/catalogue.ts';
import { Fault } from '../../domain/errors.ts';
import type { ConcertSales, ScheduleOccupancy } from '../../health/overview.ts';
import type { QueueCounts } from '../../domain/queue-token.ts';
import { isoOf } from '../../domain/instant.ts';
import { answerLanguage } from '../answers/language.ts';
import { NoQuery, refer } from '../schemas/basics.ts';
import {
  ActivityQuery,
  ActivityReport,
  type ActivitySample,
  Overview,
  type OccupiedSchedule,
} from '../schemas/oversight.ts';
import type { App, Services } from '../services.ts';
import { wordReason } from '../answers/verdict-words.ts';

const NO_SALES = { held: 0, confirmed: 0, revenue: 0 } as const;
/** Milliseconds and averages are rounded to hundredths. */
const HUNDREDTHS = 100;

/** Routes that show the state of the sale. They exist only when there is an admin token. */
export function oversightRoutes(app: App, services: Services): void {
  const { catalogue, guards, responder, overview, activity, databaseClock } = services;

  app.get(
    '/admin/overview',
    {
      schema: {
        operationId: 'getOverview',
        summary: 'Nodes, queues, holds, sales, and the occupancy of schedules',
        description: 'The figures of the whole cluster, read from the database.',
        tags: ['admin'],
        querystring: NoQuery,
        response: { 200: Overview },
      },
      config: { guard: 'admin' },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const [cluster, all] = await Promise.all([overview(), catalogue.listConcerts()]);
      const concerts = all.filter(({ concertId }) => admitsConcert(admin.value, concertId));
      const sales = new Map<number, ConcertSales>(cluster.concerts.map((each) => [each.concertId, each]));
      const queues = await countQueues(services, concerts);
      const rows = concerts.map(({ concertId, title, queue: policy }) => {
        const { held, confirmed, revenue } = sales.get(concertId) ?? NO_SALES;
        const queue = { ...emptyQueue(policy), ...queues.get(concertId) };
        return { concertId, title, queue, policy, held, confirmed, revenue };
      });
      const totals = { waiting: 0, active: 0, held: 0, confirmed: 0, revenue: 0 };
      for (const row of rows) {
        totals.waiting += row.queue.waiting;
        totals.active += row.queue.active;
        totals.held += row.held;
        totals.confirmed += row.confirmed;
        totals.revenue += row.revenue;
      }
      reply.send({
        nodes: [...cluster.nodes],
        ownedSchedules: [...cluster.ownedSchedules],
        concerts: rows,
        schedules: cluster.schedules
          .filter(({ concertId }) => admitsConcert(admin.value, concertId))
          .map(viewOccupancy),
        schedulesLeftOut: cluster.schedulesLeftOut,
        totals,
      });
    },
  );

  app.get(
    '/admin/activity',
    {
      schema: {
        operationId: 'getActivity',
        summary: 'The last ten minutes of this node, second by second, and whether it is healthy',
        description:
          'Uses no database, so it answers while that is unavailable. With `since` the answer has only later samples.',
        tags: ['admin'],
        querystring: ActivityQuery,
        response: { 200: refer(ActivityReport) },
      },
      config: { guard: 'admin' },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const { verdict, samples, ...report } = activity.report(Number(request.query.since ?? 0));
      const language = answerLanguage(reply);
      reply.send({
        ...report,
        serverTime: isoOf(databaseClock.upperMs()),
        verdict: {
          state: verdict.state,
          reasons: verdict.reasons.map((reason) => ({ ...reason, detail: wordReason(reason, language) })),
        },
        samples: samples.map(viewSample),
      });
    },
  );
}

/** The lines of all concerts; the recorded ones when this node has no waiting room, or when it does not answer. */
async function countQueues(
  { room, recordedQueues }: Services,
  concerts: readonly Concert[],
): Promise<ReadonlyMap<number, Partial<QueueCounts>>> {
  try {
    return new Map(
      await Promise.all(concerts.map(async ({ concertId }) => [concertId, await room.counts(concertId)] as const)),
    );
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return new Map((await recordedQueues()).map(({ concertId, ...line }) => [concertId, line]));
  }
}

function emptyQueue({ maxActive, batch, paused }: ConcertQueue): QueueCounts {
  return { waiting: 0, active: 0, maxActive, paused: paused || maxActive === 0 || batch === 0 };
}

function viewOccupancy({ startsAtMs, ...schedule }: ScheduleOccupancy): Static<typeof OccupiedSchedule> {
  const { totalSeats, held, confirmed } = schedule;
  return { ...schedule, startsAt: isoOf(startsAtMs), availableSeats: totalSeats - held - confirmed };
}

function viewSample({ atMs, ...sample }: Sample): Static<typeof ActivitySample> {
  return {
    ...sample,
    at: isoOf(atMs),
    refusalsByCode: [...sample.refusalsByCode],
    flushP50Ms: rounded(sample.flushP50Ms),
    flushP99Ms: rounded(sample.flushP99Ms),
    batchMean: rounded(sample.batchMean),
    eventLoopDelayP99Ms: rounded(sample.eventLoopDelayP99Ms) ?? 0,
  };
}

function rounded(figure: number | null): number | null {
  return figure === null ? null : Math.round(figure * HUNDREDTHS) / HUNDREDTHS;
}
