import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ROOT } from '../../domain/admin.ts';
import type { Command } from '../../actors/command.ts';

/** Far more than the contract allows in one request; it bounds the work for a garbled frame. */
const LONGEST_LIST = 1_000;
/** The most seats of a plan. */
const LARGEST_HALL = 2_000;
/** In UTF-16 units: 200 characters. */
const LONGEST_REASON = 400;
/** PostgreSQL's `integer`, the widest type of what is numbered inside a schedule. */
const LARGEST_SEAT_NUMBER = 2_147_483_647;

const strict = { additionalProperties: false } as const;
const Uuid = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  maxLength: 36,
});
const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
/** Epoch milliseconds, which have fractions where they come from the database's clock. */
const Instant = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const SeatNumber = Type.Integer({ minimum: 1, maximum: LARGEST_SEAT_NUMBER });
const Label = Type.Union([Type.Null(), Type.String({ maxLength: 200 })]);
const Claim = Type.Union([
  Type.Null(),
  Type.Object(
    {
      key: Type.String({ pattern: '^[!-~]{1,255}$', maxLength: 255 }),
      fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$', maxLength: 64 }),
    },
    strict,
  ),
]);

/** An organiser's act; `domain/owner-act.ts` says what it is. */
const Act = Type.Object(
  {
    caller: Type.Union([Type.Literal(ROOT), Uuid]),
    requestId: Uuid,
    claim: Claim,
    status: Type.Union([Type.Literal(200), Type.Literal(201)]),
    reason: Type.String({ maxLength: LONGEST_REASON }),
  },
  strict,
);

function differentOf<T extends TSchema>(item: T, maxItems = LONGEST_LIST) {
  const list = Type.Array(item, { minItems: 1, maxItems });
  return Type.Refine(list, (values) => values.length === 1 || new Set<unknown>(values).size === values.length);
}

/** The seats of the largest hall. */
const Hall = differentOf(SeatNumber, LARGEST_HALL);

function checkOf<T extends TSchema>(schema: T): (value: unknown) => value is Static<T> {
  const validator = Compile(schema);
  return (value): value is Static<T> => validator.Check(value);
}

type Checks = { readonly [T in Command['type']]: (value: unknown) => value is Extract<Command, { type: T }> };

/** Exactly the commands as src/actors declares them, to the member. */
const checks: Checks = {
  HoldSeats: checkOf(
    Type.Object(
      {
        type: Type.Literal('HoldSeats'),
        scheduleId: Id,
        userId: Uuid,
        tokenId: Uuid,
        admittedAtMs: Instant,
        seatNumbers: differentOf(SeatNumber),
        isAccessible: Type.Optional(Type.Boolean()),
        claim: Claim,
      },
      strict,
    ),
  ),
  HoldBestSeats: checkOf(
    Type.Object(
      {
        type: Type.Literal('HoldBestSeats'),
        scheduleId: Id,
        userId: Uuid,
        tokenId: Uuid,
        admittedAtMs: Instant,
        count: Type.Integer({ minimum: 1, maximum: LONGEST_LIST }),
        isTogether: Type.Boolean(),
        isAccessible: Type.Optional(Type.Boolean()),
        filter: Type.Object(
          {
            section: Label,
            level: Label,
            maxPrice: Type.Union([Type.Null(), Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })]),
          },
          strict,
        ),
        claim: Claim,
      },
      strict,
    ),
  ),
  ExtendHolds: checkOf(
    Type.Object(
      {
        type: Type.Literal('ExtendHolds'),
        scheduleId: Id,
        userId: Uuid,
        tokenId: Uuid,
        admittedAtMs: Instant,
        claim: Claim,
      },
      strict,
    ),
  ),
  ReleaseHold: checkOf(
    Type.Object({ type: Type.Literal('ReleaseHold'), scheduleId: Id, userId: Uuid, reservationId: Uuid }, strict),
  ),
  EndToken: checkOf(
    Type.Object(
      {
        type: Type.Literal('EndToken'),
        scheduleId: Id,
        userId: Uuid,
        tokenId: Uuid,
        end: Type.Union([Type.Literal('CANCELLED'), Type.Literal('COMPLETED')]),
        heldBeforeMs: Type.Union([Type.Null(), Instant]),
      },
      strict,
    ),
  ),
  PayReservations: checkOf(
    Type.Object(
      {
        type: Type.Literal('PayReservations'),
        scheduleId: Id,
        userId: Uuid,
        paymentId: Uuid,
        reservationIds: differentOf(Uuid),
        claim: Claim,
      },
      strict,
    ),
  ),
  RefundPayment: checkOf(
    Type.Object(
      {
        type: Type.Literal('RefundPayment'),
        scheduleId: Id,
        userId: Uuid,
        paymentId: Uuid,
        isByOrganiser: Type.Boolean(),
        act: Type.Union([Type.Null(), Act]),
        claim: Claim,
      },
      strict,
    ),
  ),
  BlockSeats: checkOf(
    Type.Object({ type: Type.Literal('BlockSeats'), scheduleId: Id, seatNumbers: Hall, act: Act }, strict),
  ),
  UnblockSeats: checkOf(
    Type.Object({ type: Type.Literal('UnblockSeats'), scheduleId: Id, seatNumbers: Hall, act: Act }, strict),
  ),
  CompSeat: checkOf(
    Type.Object(
      {
        type: Type.Literal('CompSeat'),
        scheduleId: Id,
        userId: Uuid,
        seatNumber: SeatNumber,
        paymentId: Uuid,
        act: Act,
      },
      strict,
    ),
  ),
  MoveReservation: checkOf(
    Type.Object(
      { type: Type.Literal('MoveReservation'), scheduleId: Id, reservationId: Uuid, seatNumber: SeatNumber, act: Act },
      strict,
    ),
  ),
  ReadSeatMap: checkOf(Type.Object({ type: Type.Literal('ReadSeatMap'), scheduleId: Id }, strict)),
  ReloadSchedule: checkOf(Type.Object({ type: Type.Literal('ReloadSchedule'), scheduleId: Id, epoch: Id }, strict)),
  WakeSchedule: checkOf(
    Type.Object(
      {
        type: Type.Literal('WakeSchedule'),
        scheduleId: Id,
        cause: Type.Union([Type.Literal('alarm'), Type.Literal('demand')]),
      },
      strict,
    ),
  ),
};

/** A map, so that the name of a member of every object is no type. */
const checkOfType = new Map<unknown, (value: unknown) => value is Command>(Object.entries(checks));

/** Whether a peer's value is a command with exactly the members of its type, in their ranges and canonical forms. */
export function isCommand(value: unknown): value is Command {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  return checkOfType.get(value.type)?.(value) === true;
}
