import { Type } from '@fastify/type-provider-typebox';
import { EXPORTED_TABLES } from '../../domain/exports.ts';
import { SALES_GROUPS } from '../../domain/reports.ts';
import {
  Id,
  Instant,
  listOf,
  named,
  NextCursor,
  NullableInstant,
  nullableInteger,
  nullableText,
  NullableUuid,
  PathId,
  PathSeatNumber,
  refer,
  SeatNumber,
  Won,
} from './basics.ts';

const EXPORT_FILES = EXPORTED_TABLES.flatMap((table) => [`${table}.csv`, `${table}.ndjson`] as const);

export const ExportParams = Type.Object({ file: Type.Enum([...EXPORT_FILES]) });

const ofConcert = { concertId: Type.Optional(PathId) };

export const OfConcertQuery = Type.Object(ofConcert, { additionalProperties: false });

const SalesGroup = Type.Enum([...SALES_GROUPS]);

export const SalesQuery = Type.Object({ by: SalesGroup, ...ofConcert }, { additionalProperties: false });

const figures = {
  seatsSold: Type.Integer({ description: 'Refunded ones included.' }),
  seatsRefunded: Type.Integer(),
  revenue: Type.Integer({ description: 'Whole won that were paid, refunded or not.' }),
  refunds: Won,
  net: Type.Integer({ description: 'Revenue without refunds, in whole won.' }),
  capacity: nullableInteger({ description: 'Seats of all dates of the row; null for an hour.' }),
};

export const SalesRow = named(
  'SalesRow',
  Type.Object({
    concertId: nullableInteger(),
    title: nullableText({ description: 'The concert’s title.' }),
    scheduleId: nullableInteger(),
    date: nullableText({ format: 'date', description: 'In the concert’s time zone.' }),
    startsAt: NullableInstant,
    section: nullableText({ description: 'Null also where the hall has no plan.' }),
    hour: nullableText({ description: 'Its beginning in the concert’s time zone, such as 2026-11-24T18:00:00+09:00.' }),
    ...figures,
  }),
);

export const SalesReport = Type.Object({
  by: SalesGroup,
  concertId: nullableInteger({ description: 'Null: all concerts of the key.' }),
  at: Instant,
  rows: listOf(refer(SalesRow)),
  totals: Type.Object(figures),
});

export const SeatParams = Type.Object({ scheduleId: PathId, seatNumber: PathSeatNumber });

export const SeatChange = named(
  'SeatChange',
  Type.Object({
    seq: Type.Integer({ minimum: 1 }),
    epoch: Type.Integer({ minimum: 0 }),
    at: Type.Unsafe<string | null>({ ...NullableInstant, description: 'When it was decided.' }),
    loggedAt: Type.String({ format: 'date-time', description: 'When it was written.' }),
    cause: Type.String({ description: 'HELD, EXPIRED, CANCELLED, CONFIRMED, REFUNDED, and others as logged.' }),
    reservationId: NullableUuid,
    userId: NullableUuid,
    paymentId: NullableUuid,
    details: Type.Unknown(),
  }),
);

export const SeatHistory = Type.Object({
  scheduleId: Id,
  seatNumber: SeatNumber,
  changes: listOf(refer(SeatChange)),
  nextCursor: NextCursor,
});
