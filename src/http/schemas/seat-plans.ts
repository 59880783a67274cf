import { Type } from '@fastify/type-provider-typebox';
import { LARGEST_PLAN, SEAT_ATTRIBUTES } from '../../domain/seat-plan.ts';
import {
  Id,
  Instant,
  listOf,
  named,
  NextCursor,
  nullableInteger,
  NullableInstant,
  nullableText,
  refer,
  SeatNumber,
  Won,
} from './basics.ts';

/** Far more than any hall measures, in any unit. */
export const FARTHEST_COORDINATE = 1_000_000;
/** A hall has fewer price levels than a map has distinguishable colours. */
export const MOST_LEVELS = 50;
const MOST_SECTIONS = 200;

const strict = { additionalProperties: false };
export const SeatLabel = Type.String({ format: 'seat-label', maxLength: 200, description: '1 to 50 characters.' });
const Coordinate = Type.Number({ minimum: -FARTHEST_COORDINATE, maximum: FARTHEST_COORDINATE });
const Attribute = Type.Enum([...SEAT_ATTRIBUTES]);
const Levels = Type.Array(Type.Object({ name: SeatLabel }, strict), { minItems: 1, maxItems: MOST_LEVELS });

const seatProperties = { label: SeatLabel, x: Coordinate, y: Coordinate, level: SeatLabel };

export const NewSeatPlan = Type.Object(
  {
    name: SeatLabel,
    sections: Type.Array(
      Type.Object(
        {
          name: SeatLabel,
          rows: Type.Array(
            Type.Object(
              {
                label: SeatLabel,
                seats: Type.Array(
                  Type.Object(
                    {
                      ...seatProperties,
                      attributes: Type.Optional(
                        Type.Array(Attribute, { maxItems: SEAT_ATTRIBUTES.length, uniqueItems: true }),
                      ),
                    },
                    strict,
                  ),
                  { minItems: 1, maxItems: LARGEST_PLAN },
                ),
              },
              strict,
            ),
            { minItems: 1, maxItems: LARGEST_PLAN },
          ),
        },
        strict,
      ),
      { minItems: 1, maxItems: MOST_SECTIONS },
    ),
    levels: Levels,
  },
  strict,
);

const PlanVersion = Type.Object({
  version: Type.Integer({ minimum: 1 }),
  totalSeats: Type.Integer(),
  createdAt: Instant,
});

/** A plan without its seats. */
export const SeatPlanSummary = named(
  'SeatPlanSummary',
  Type.Object({ planId: Id, name: Type.String(), versions: listOf(PlanVersion) }),
);

const PlannedSeat = Type.Object({
  seatNumber: SeatNumber,
  label: Type.String(),
  x: Type.Number(),
  y: Type.Number(),
  attributes: listOf(Attribute),
  level: Type.String(),
});

const PlannedSection = Type.Object({
  name: Type.String(),
  rows: listOf(Type.Object({ label: Type.String(), seats: listOf(PlannedSeat) })),
});

/** A version of a plan with its seats, and the other versions. */
export const SeatPlanWithSeats = named(
  'SeatPlan',
  Type.Object({
    planId: Id,
    name: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    totalSeats: Type.Integer(),
    createdAt: Instant,
    levels: listOf(Type.Object({ name: Type.String() })),
    sections: listOf(PlannedSection),
    versions: listOf(PlanVersion),
  }),
);

export const SeatPlanPage = Type.Object({ seatPlans: listOf(refer(SeatPlanSummary)), nextCursor: NextCursor });

/** The plan of a schedule, with the price of each level. */
export const SchedulePlan = named(
  'SchedulePlan',
  Type.Object({
    scheduleId: Id,
    planId: nullableInteger({ description: 'Null for a hall without a plan, which has rows of ten.' }),
    version: nullableInteger(),
    name: nullableText(),
    accessibleReleaseAt: {
      ...NullableInstant,
      description: 'Until then seats that are ACCESSIBLE or COMPANION are kept for those who declare the need.',
    },
    levels: listOf(Type.Object({ name: Type.String(), price: Won })),
    sections: listOf(PlannedSection),
  }),
);
