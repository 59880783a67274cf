import { type Static, type TSchema, Type } from '@fastify/type-provider-typebox';
import { LARGEST_INTEGER } from './formats.ts';

/** A schema that the OpenAPI document lists under `name`, for others to reference. */
export function named<T extends TSchema>(name: string, schema: T): T & { $id: string } {
  return Object.assign(schema, { $id: name });
}

/** A reference to a schema that `named` made. */
export function refer<T extends TSchema & { $id: string }>(schema: T) {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` });
}

/** A read-only list. */
export function listOf<T extends TSchema>(item: T) {
  return Type.Unsafe<readonly Static<T>[]>(Type.Array(item));
}

/** Uses a list of types: a union would make the serializer validate each value first. */
export function nullableText(options: { format?: string; description?: string } = {}) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], ...options });
}

export function nullableInteger(options: { description?: string } = {}) {
  return Type.Unsafe<number | null>({ type: ['integer', 'null'], ...options });
}

export function nullableNumber(options: { description?: string } = {}) {
  return Type.Unsafe<number | null>({ type: ['number', 'null'], ...options });
}

/** ISO 8601 UTC with milliseconds. */
export const Instant = Type.String({ format: 'date-time' });
export const NullableInstant = nullableText({ format: 'date-time' });
export const CalendarDate = Type.String({ format: 'date' });

/** A lower-case UUID. Each id has one spelling, in caches, in keys and in SQL. */
export const Uuid = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  maxLength: 36,
});
export const NullableUuid = nullableText();

/** Ids of concerts and schedules in JSON. */
export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
export const SeatNumber = Type.Integer({ minimum: 1, maximum: LARGEST_INTEGER });
export const Won = Type.Integer({ description: 'Whole won.' });

/** Ids of concerts and schedules in paths. */
export const PathId = Type.String({ format: 'positive-integer' });
export const PathSeatNumber = Type.String({ format: 'seat-number' });

/** An empty query: a route refuses unknown parameters. */
export const NoQuery = Type.Object({}, { additionalProperties: false });

/** An optional body, which must be empty. */
export const NoBody = Type.Unsafe<Record<string, never> | null>({
  type: ['object', 'null'],
  properties: {},
  additionalProperties: false,
});

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[!-~]{1,255}$',
      description:
        '1 to 255 visible ASCII characters. The same key and request get the first answer again for 24 hours.',
    }),
  ),
});

export const PageQuery = {
  limit: Type.Optional(Type.String({ format: 'page-limit', description: '1 to 100; the default is 20.' })),
  cursor: Type.Optional(
    Type.String({ pattern: '^[A-Za-z0-9_-]{1,200}$', description: 'nextCursor of the previous page.' }),
  ),
};

export const NextCursor = nullableText({ description: 'Null at the end.' });
