import { randomUUID } from 'node:crypto';
import type { Random } from '../../harness/random.ts';

/** A fan's plan for a seat that it holds. */
export type Intention =
  | 'buy'
  /** Buys, and gives the tickets back. */
  | 'refund'
  /** Releases the first hold and chooses other seats. */
  | 'dither'
  /** Lets the hold run out. */
  | 'walk-away'
  /** Leaves the queue with seats in hand. */
  | 'leave'
  /** Leaves the queue before the turn comes. */
  | 'impatient';

export interface Ticket {
  readonly scheduleId: number;
  readonly seatNumber: number;
  readonly paymentId: string;
}

/** The end of the rush for a fan. */
export type FanEnd = 'tickets' | 'gave tickets back' | 'changed their mind' | 'found nothing left' | 'told: sold out';

/** One customer, with the customer's own books. Money in won. */
export interface Fan {
  readonly name: string;
  readonly seatsWanted: number;
  intention: Intention;
  userId: string;
  accessToken: string;
  charged: number;
  paid: number;
  refunded: number;
  tickets: Ticket[];
  end: FanEnd | null;
}

const FAMILY_NAMES = wordsOf('김 이 박 최 정 강 조 윤 장 임');
const GIVEN_NAMES = wordsOf('서연 민준 지우 하준 서윤 도윤 지민 수아 예준 하은 현우 유진');
const FIRST_NAMES = wordsOf('Ada Alan Barbara Edsger Grace Ken Leslie Margaret Radia Tony');
const LAST_NAMES = wordsOf('Baker Cho Fischer Garcia Han Kim Moreau Okafor Rossi Singh');

/** Cumulative shares of the fans' plans; the rest buys. */
const INTENTIONS: readonly (readonly [Intention, number])[] = [
  ['dither', 0.06],
  ['leave', 0.11],
  ['walk-away', 0.16],
  ['refund', 0.2],
  ['impatient', 0.23],
];

/** A fan that is not registered yet. */
export function inventFan(random: Random): Fan {
  const korean = random.chance(0.7);
  const name = korean
    ? `${random.pick(FAMILY_NAMES)}${random.pick(GIVEN_NAMES)}`
    : `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`;
  const dice = random.next();
  const wanted = random.next();
  return {
    name,
    seatsWanted: wanted < 0.7 ? 1 : wanted < 0.94 ? 2 : 3,
    intention: INTENTIONS.find(([, share]) => dice < share)?.[0] ?? 'buy',
    userId: '',
    accessToken: '',
    charged: 0,
    paid: 0,
    refunded: 0,
    tickets: [],
    end: null,
  };
}

/** An e-mail address that no other fan has. */
export function inventEmail(): string {
  return `fan-${randomUUID()}@example.com`;
}

function wordsOf(text: string): readonly [string, ...string[]] {
  const [first = '', ...others] = text.split(' ');
  return [first, ...others];
}
