import type { Static } from '@fastify/type-provider-typebox';
import { admitsConcert } from '../../domain/admin.ts';
import type { Concert, ConcertQueue } from '../../domain/catalogue.ts';
import { Fault } from '../../domain/errors.ts';
import type { ConcertSales, ScheduleOccupancy } from '../../health/overview.ts';
import type { QueueCounts } from '../../domain/queue-token.ts';
import { isoOf } from '../../domain/instant.ts';
import { answerLanguage } from '../answers/language.ts';
import { NoQuery, refer } from '../schemas/basics.ts';
import { ActivityQuery, ActivityReport, Overview, type OccupiedSchedule } from '../schemas/oversight.ts';
import type { App, Services } from '../services.ts';
import { viewNode, viewRates, viewSample, viewVerdict } from '../answers/activity-views.ts';

const NO_SALES = { held: 0, confirmed: 0, revenue: 0 } as const;

/** Routes that show the state of the sale. They exist only when there is an admin token. */
export function oversightRoutes(app: App, services: Services): void {
  const { catalogue, guards, responder, overview, activity, databaseClock } = services;

  app.get(
    '/admin/overview',
    {
      schema: {
        operationId: 'getOverview',
        summary: 'Nodes, queues, holds, sales, and the occupancy of schedules',
        description:
          'The figures of all nodes. What nodes published is at most some seconds old, and no answer waits for another node.',
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
      const { verdict, samples } = activity.report(0);
      const health = new Map(activity.nodes().map((each) => [each.node, each]));
      reply.send({
        verdict: viewVerdict(verdict, answerLanguage(reply)),
        nodes: cluster.nodes.map((node) => viewNode(node, health.get(node.node))),
        ownedSchedules: [...cluster.ownedSchedules],
        concerts: rows,
        schedules: cluster.schedules
          .filter(({ concertId }) => admitsConcert(admin.value, concertId))
          .map(viewOccupancy),
        schedulesLeftOut: cluster.schedulesLeftOut,
        rates: viewRates(samples),
        totals: { ...totals, liveSockets: samples.at(-1)?.liveSockets ?? null },
      });
    },
  );

  app.get(
    '/admin/activity',
    {
      schema: {
        operationId: 'getActivity',
        summary: 'The last ten minutes of all nodes, second by second, and whether they are healthy',
        description:
          'The sums of all nodes as the answering node knows them; the figures of others are a second or two late. Uses no database, so it answers while that is unavailable. With `since` the answer has only later samples.',
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
      reply.send({
        ...report,
        serverTime: isoOf(databaseClock.upperMs()),
        verdict: viewVerdict(verdict, answerLanguage(reply)),
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
  const { totalSeats, held, confirmed, blocked } = schedule;
  return { ...schedule, startsAt: isoOf(startsAtMs), availableSeats: totalSeats - held - confirmed - blocked };
}
