import { Type } from '@fastify/type-provider-typebox';
import type { NodeState } from '../../health/cluster-verdict.ts';
import { QueuePolicy } from './admin.ts';
import {
  CalendarDate,
  Id,
  Instant,
  listOf,
  named,
  nullableInteger,
  nullableNumber,
  NullableInstant,
  nullableText,
  refer,
} from './basics.ts';

export const OccupiedSchedule = named(
  'OccupiedSchedule',
  Type.Object({
    scheduleId: Id,
    concertId: Id,
    title: Type.String({ description: 'The concert’s title.' }),
    date: CalendarDate,
    startsAt: Instant,
    totalSeats: Type.Integer(),
    availableSeats: Type.Integer(),
    held: Type.Integer(),
    confirmed: Type.Integer(),
    blocked: Type.Integer(),
    owner: nullableText({ description: 'The node that owns it; null before its first use.' }),
  }),
);

export const HealthReason = named(
  'HealthReason',
  Type.Object({
    code: Type.String(),
    severity: Type.Union([Type.Literal('DEGRADED'), Type.Literal('IN_TROUBLE')]),
    detail: Type.String({ description: 'In words, by Accept-Language.' }),
    value: nullableNumber({ description: 'The measured value, or an instant in epoch milliseconds.' }),
    bound: nullableNumber({ description: 'The bound of the value.' }),
    subject: nullableText({ description: 'Details, where the code alone does not suffice.' }),
    node: nullableText({ description: 'The node that it concerns; null where it concerns all, or the only one.' }),
  }),
);

export const ClusterVerdict = Type.Object(
  {
    state: Type.Union([Type.Literal('HEALTHY'), Type.Literal('DEGRADED'), Type.Literal('IN_TROUBLE')]),
    reasons: listOf(refer(HealthReason)),
  },
  { description: 'The state is that of the worst node.' },
);

const Rate = Type.Number({ minimum: 0 });

export const Rates = Type.Object(
  { holds: Rate, payments: Rate, refunds: Rate, admissions: Rate, answers: Rate, refusals: Rate },
  { description: 'Means per second over the last ten seconds.' },
);

const STATES = [
  'SERVING',
  'STANDING_BY',
  'DRAINING',
  'NOT_READY',
  'JOINING',
  'NOT_ANSWERING',
  'STOPPED',
  'DEAD',
] as const satisfies readonly NodeState[];

export const OverseenNode = named(
  'OverseenNode',
  Type.Object({
    node: Type.String(),
    address: Type.String(),
    alive: Type.Boolean(),
    state: Type.Unsafe<NodeState>({
      type: 'string',
      enum: STATES,
      description: 'DEAD: it stopped without a goodbye. NOT_ANSWERING: it has published nothing for some seconds.',
    }),
    since: Type.Unsafe<string | null>({
      ...NullableInstant,
      description: 'When it died, stopped or published last; null for the other states.',
    }),
    reasons: Type.Array(Type.String(), { description: 'Why it may not serve.' }),
    ownedSchedules: Type.Integer(),
    liveSockets: nullableInteger(),
    rates: Rates,
  }),
);

export const Overview = Type.Object({
  verdict: ClusterVerdict,
  nodes: listOf(refer(OverseenNode)),
  ownedSchedules: Type.Array(Id, { description: 'Schedules that the answering node owns.' }),
  concerts: Type.Array(
    Type.Object({
      concertId: Id,
      title: Type.String(),
      queue: Type.Object({
        waiting: Type.Integer(),
        active: Type.Integer(),
        maxActive: Type.Integer(),
        paused: Type.Boolean(),
      }),
      policy: refer(QueuePolicy),
      held: Type.Integer(),
      confirmed: Type.Integer(),
      revenue: Type.Integer(),
    }),
  ),
  schedules: listOf(refer(OccupiedSchedule)),
  schedulesLeftOut: Type.Integer({ description: 'Schedules beyond the 1 000 that are listed.' }),
  rates: Rates,
  totals: Type.Object({
    waiting: Type.Integer(),
    active: Type.Integer(),
    held: Type.Integer(),
    confirmed: Type.Integer(),
    revenue: Type.Integer(),
    liveSockets: nullableInteger(),
  }),
});

const Count = Type.Integer({ minimum: 0 });

export const ActivitySample = named(
  'ActivitySample',
  Type.Object({
    number: Type.Integer({ minimum: 1 }),
    at: Instant,
    durationMs: Type.Integer({ minimum: 1, description: 'The time that the counts cover.' }),
    holds: Count,
    payments: Count,
    refunds: Count,
    admissions: Count,
    answers: Count,
    refusals: Count,
    refusalsByCode: Type.Array(Type.Object({ code: Type.String(), count: Count })),
    unavailable: Type.Integer({ description: 'Answers with 503.' }),
    bugs: Type.Integer({ description: 'Answers with 500.' }),
    flushes: Count,
    flushP50Ms: nullableNumber(),
    flushP99Ms: nullableNumber(),
    batchMean: nullableNumber({ description: 'Mean number of events or settlements per flush.' }),
    batchMax: nullableInteger(),
    doubted: Type.Integer({ description: 'Schedules with a statement that got no answer.' }),
    waiting: Count,
    active: Count,
    commandsWaiting: Count,
    liveSockets: nullableInteger(),
    eventLoopDelayP99Ms: Type.Number(),
  }),
);

export const ActivityReport = named(
  'ActivityReport',
  Type.Object({
    node: Type.String({ description: 'The answering node; it numbers its samples from 1.' }),
    serverTime: Instant,
    stepMs: Type.Integer(),
    stepsKept: Type.Integer(),
    verdict: ClusterVerdict,
    samples: listOf(refer(ActivitySample)),
  }),
);

export const ActivityQuery = Type.Object(
  {
    since: Type.Optional(
      Type.String({
        pattern: '^(0|[1-9][0-9]{0,14})$',
        description: 'The number of the caller’s last sample; without it the answer has all kept samples.',
      }),
    ),
  },
  { additionalProperties: false },
);
