import { isObject, type KeptGrant, readOldAnswer } from '../records/old-answers.ts';

/** A row of `idempotency_keys`. */
export interface KeptAnswer extends KeptGrant {
  readonly user_id: string;
  readonly key: string;
  readonly fingerprint: string;
  /** Of a settlement: what it left in the wallet. */
  readonly balance: number | null;
  readonly is_user_known: boolean;
}

export type Members = Readonly<Record<string, unknown>>;

export interface NamedReservation {
  readonly reservationId: string;
  readonly shown: Members;
}

/** The ids that a grant names. */
export type NamedEffect =
  | { readonly kind: 'charge'; readonly entryNo: number }
  | { readonly kind: 'holds'; readonly reservations: readonly NamedReservation[] }
  | { readonly kind: 'payment'; readonly paymentId: string; readonly reservations: readonly NamedReservation[] };

/** What a row says was granted; `named` is null where it is no grant of the service. */
export interface ReadAnswer {
  readonly recorded: KeptAnswer;
  readonly type: string;
  /** The members of the grant's value; none where it is a list. */
  readonly shown: Members;
  readonly named: NamedEffect | null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

export function readAnswer(recorded: KeptAnswer): ReadAnswer {
  const { type: ownType, status, body } = recorded;
  const { type, value } = ownType === null ? readOldAnswer(recorded) : { type: ownType, value: body };
  const isRefusal = ownType === null && status !== 200 && status !== 201;
  const shown = isObject(value) ? value : {};
  return { recorded, type, shown, named: isRefusal ? null : nameEffect(type, value, shown) };
}

function nameEffect(type: string, value: unknown, { entryId, paymentId, reservations }: Members): NamedEffect | null {
  switch (type) {
    case 'BalanceCharged':
      return isWhole(entryId) ? { kind: 'charge', entryNo: entryId } : null;
    case 'SeatsHeld':
    case 'SeatsAlreadyHeld':
    case 'HoldsExtended': {
      const held = readReservations(value);
      return held === null ? null : { kind: 'holds', reservations: held };
    }
    case 'PaymentCompleted':
    case 'PaymentRefunded':
    case 'PaymentFound': {
      const settled = readReservations(reservations);
      if (settled === null || typeof paymentId !== 'string' || !UUID.test(paymentId)) return null;
      return { kind: 'payment', paymentId, reservations: settled };
    }
    default:
      return null;
  }
}

function readReservations(value: unknown): readonly NamedReservation[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const read: NamedReservation[] = [];
  for (const shown of value as readonly unknown[]) {
    const reservationId = isObject(shown) ? shown['reservationId'] : null;
    if (!isObject(shown) || typeof reservationId !== 'string' || !UUID.test(reservationId)) return null;
    read.push({ reservationId, shown });
  }
  return read;
}
