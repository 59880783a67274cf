import { Type } from '@fastify/type-provider-typebox';
import { CalendarDate, Id, Instant, listOf, named, refer } from './basics.ts';

const Window = Type.Enum(['1d', '7d', '30d']);
export const RankingQuery = Type.Object({ window: Type.Optional(Window) }, { additionalProperties: false });

export const RankedSellOut = named(
  'RankedSellOut',
  Type.Object({
    rank: Type.Integer({ minimum: 1 }),
    concertId: Id,
    title: Type.String(),
    artist: Type.String(),
    venue: Type.String(),
    scheduleId: Id,
    date: CalendarDate,
    startsAt: Instant,
    openedAt: Type.String({ format: 'date-time', description: 'When the booking or, if later, the date opened.' }),
    soldOutAt: Type.String({ format: 'date-time', description: 'When the last seat was paid.' }),
    seconds: Type.Number({ minimum: 0, description: 'From the opening to the last paid seat, to the millisecond.' }),
    seats: Type.Integer({ minimum: 1, description: 'Seats that were paid for then.' }),
    still: Type.Boolean({ description: 'False after a refund, until the seat is sold again.' }),
  }),
);

export const SellOutRanking = Type.Object({ window: Window, rankings: listOf(refer(RankedSellOut)) });
