import { asObject, type JsonObject, readInteger, readObjects, readText } from '../../harness/json.ts';
import { type Asked, createExchanges, type Exchange } from './exchange.ts';
import { type GrantedChange, holdEndsOf, type Matter, type Operation, type SeatView } from './operation.ts';

/** The user of a request; seats need a queue token, other routes need an access token. */
export interface Asker {
  readonly userId: string;
  readonly accessToken: string;
  readonly queueToken: string | null;
}

/** The node that gets a request. */
export interface Place {
  readonly name: string;
  readonly url: string;
}

/** Sends requests to nodes and records requests and answers. No method rejects because of the service. */
export interface Caller {
  readonly operations: readonly Operation[];
  /** Every exchange, recorded as an operation or not, that took longer than `lateMs` or never had an answer in that time. */
  readonly late: readonly string[];
  hold(
    place: Place,
    asker: Asker,
    scheduleId: number,
    seatNumbers: readonly number[],
    key?: string | null,
  ): Promise<Told>;
  release(place: Place, asker: Asker, scheduleId: number, reservationId: string): Promise<Told>;
  pay(
    place: Place,
    asker: Asker,
    scheduleId: number,
    reservationIds: readonly string[],
    key?: string | null,
  ): Promise<Told>;
  refund(place: Place, asker: Asker, scheduleId: number, paymentId: string, key?: string | null): Promise<Told>;
  map(place: Place, asker: Asker, scheduleId: number): Promise<Told>;
  list(place: Place, asker: Asker, scheduleId: number): Promise<Told>;
  charge(place: Place, asker: Asker, amount: number, key?: string | null): Promise<Told>;
  enter(place: Place, asker: Asker, concertId: number): Promise<Told>;
  leave(place: Place, asker: Asker, concertId: number): Promise<Told>;
  /** Sends a request that the judge does not need. */
  ask(place: Place, asked: Asked): Promise<Exchange>;
  close(): void;
}

export interface Told {
  readonly operation: Operation;
  readonly exchange: Exchange;
}

const UUID_BYTES = 16;

/** Calls `onTold` with every operation as it ends. */
export function createCaller({ lateMs, onTold }: { lateMs: number; onTold?: (operation: Operation) => void }): Caller {
  const exchanges = createExchanges();
  const operations: Operation[] = [];
  const late: string[] = [];

  async function ask(place: Place, asked: Asked): Promise<Exchange> {
    const exchange = await exchanges.ask(place.url, asked);
    const tookMs = exchange.endedAt - exchange.startedAt;
    if (tookMs > lateMs) {
      late.push(
        `${asked.method} ${asked.path.replace(/fq_[^/]*/, 'fq_…')} at ${place.name}, asked at ${exchange.startedAt.toFixed(0)}: ${exchange.status ?? exchange.failure} after ${tookMs.toFixed(0)} ms`,
      );
    }
    return exchange;
  }

  async function tell(
    place: Place,
    { userId }: Asker,
    asked: Asked,
    read: (exchange: Exchange) => { matter: Matter; isFresh: boolean },
  ): Promise<Told> {
    const exchange = await ask(place, asked);
    const { startedAt, endedAt, status, body, effect } = exchange;
    const operation: Operation = {
      userId,
      node: place.name,
      startedAt,
      endedAt: status === null ? Number.POSITIVE_INFINITY : endedAt,
      status,
      code: typeof body['code'] === 'string' ? body['code'] : (exchange.failure ?? null),
      effect,
      key: asked.key ?? null,
      ...read(exchange),
    };
    operations.push(operation);
    onTold?.(operation);
    return { operation, exchange };
  }

  return {
    operations,
    late,
    ask,
    hold: (place, asker, scheduleId, seatNumbers, key = null) => {
      const [first] = seatNumbers;
      const body = seatNumbers.length === 1 ? { scheduleId, seatNumber: first } : { scheduleId, seatNumbers };
      return tell(
        place,
        asker,
        { method: 'POST', path: '/reservations', token: asker.queueToken, key, body },
        ({ status, body: answer, isReplay }) => {
          const isTaken = status === 409 && answer['code'] === 'SEAT_TAKEN';
          const taken = isTaken
            ? {
                seatNumbers: readNumbers(answer, 'seatNumbers'),
                epoch: readInteger(answer, 'epoch'),
                seq: readInteger(answer, 'seq'),
              }
            : null;
          const granted = isSuccess(status) ? readReservations(answer) : [];
          return {
            matter: { kind: 'hold', scheduleId, seatNumbers, granted, taken },
            isFresh: isTaken || (status === 201 && !isReplay),
          };
        },
      );
    },
    release: (place, asker, scheduleId, reservationId) =>
      tell(
        place,
        asker,
        { method: 'DELETE', path: `/reservations/${reservationId}`, token: asker.accessToken },
        ({ status, body }) => ({
          matter: {
            kind: 'release',
            scheduleId,
            reservationId,
            granted: isSuccess(status) ? [readChange(body)] : [],
          },
          isFresh: status === 200,
        }),
      ),
    pay: (place, asker, scheduleId, reservationIds, key = null) =>
      tell(
        place,
        asker,
        { method: 'POST', path: '/payments', token: asker.accessToken, key, body: { reservationIds } },
        ({ status, body, isReplay }) => ({
          matter: {
            kind: 'pay',
            scheduleId,
            reservationIds,
            paymentId: isSuccess(status) ? readText(body, 'paymentId') : null,
            amount: isSuccess(status) ? readInteger(body, 'amount') : 0,
            granted: isSuccess(status) ? readReservations(body) : [],
          },
          isFresh: status === 201 && !isReplay,
        }),
      ),
    refund: (place, asker, scheduleId, paymentId, key = null) =>
      tell(
        place,
        asker,
        { method: 'POST', path: `/payments/${paymentId}/refund`, token: asker.accessToken, key },
        ({ status, body }) => ({
          matter: { kind: 'refund', scheduleId, paymentId, granted: isSuccess(status) ? readReservations(body) : [] },
          // The second one has the same answer as the first, which the answer does not tell.
          isFresh: false,
        }),
      ),
    map: (place, asker, scheduleId) =>
      tell(
        place,
        asker,
        { method: 'GET', path: `/schedules/${scheduleId}/seats`, token: asker.queueToken },
        ({ status, body }) => ({
          matter: { kind: 'map', scheduleId, view: status === 200 ? readView(body) : null },
          isFresh: status === 200,
        }),
      ),
    list: (place, asker, scheduleId) =>
      tell(
        place,
        asker,
        { method: 'GET', path: '/me/reservations?limit=100', token: asker.accessToken },
        ({ status, body }) => ({
          matter: {
            kind: 'list',
            scheduleId,
            granted:
              status === 200
                ? readObjects(body, 'reservations')
                    .filter((reservation) => reservation['scheduleId'] === scheduleId)
                    .map(readChange)
                : [],
          },
          isFresh: false,
        }),
      ),
    charge: (place, asker, amount, key = null) =>
      tell(
        place,
        asker,
        { method: 'POST', path: '/me/balance/charge', token: asker.accessToken, key, body: { amount } },
        ({ status, body, isReplay }) => ({
          matter: {
            kind: 'charge',
            amount,
            entry:
              status === 200
                ? { entryId: readInteger(body, 'entryId'), currentBalance: readInteger(body, 'currentBalance') }
                : null,
          },
          isFresh: status === 200 && !isReplay,
        }),
      ),
    enter: (place, asker, concertId) =>
      tell(
        place,
        asker,
        { method: 'POST', path: '/queue/tokens', token: asker.accessToken, body: { concertId } },
        ({ status, body }) => ({
          matter: { kind: 'enter', concertId, tokenId: isSuccess(status) ? tokenIdOf(readText(body, 'token')) : null },
          isFresh: status === 201,
        }),
      ),
    leave: (place, asker, concertId) =>
      tell(place, asker, { method: 'DELETE', path: `/queue/tokens/${asker.queueToken}` }, () => ({
        matter: { kind: 'leave', concertId },
        isFresh: false,
      })),
    close: () => exchanges.close(),
  };
}

function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

function readNumbers(object: JsonObject, member: string): number[] {
  const value = object[member];
  if (!Array.isArray(value)) throw new Error(`"${member}" should be a list in ${JSON.stringify(object)}.`);
  return value.map(Number);
}

/** One Reservation, or `{reservations}`, which a Payment has too. */
function readReservations(body: JsonObject): GrantedChange[] {
  return 'reservations' in body ? readObjects(body, 'reservations').map(readChange) : [readChange(body)];
}

function readChange(body: JsonObject): GrantedChange {
  return {
    reservationId: readText(body, 'reservationId'),
    seatNumber: readInteger(body, 'seatNumber'),
    status: readText(body, 'status'),
    epoch: readInteger(body, 'epoch'),
    seq: readInteger(body, 'seq'),
  };
}

function readView(body: JsonObject): SeatView {
  let seats = '';
  const holds: (readonly [number, number])[] = [];
  for (const seat of readObjects(body, 'seats').map(asObject)) {
    const status = readText(seat, 'status');
    const letter = status.charAt(0);
    seats += seat['mine'] === true ? letter.toLowerCase() : letter;
    if (status === 'HELD') holds.push([readInteger(seat, 'seatNumber'), Date.parse(readText(seat, 'heldUntil'))]);
  }
  return { epoch: readInteger(body, 'epoch'), seq: readInteger(body, 'seq'), seats, holdEnds: holdEndsOf(holds) };
}

/** A queue token begins with the id under which it is recorded. */
function tokenIdOf(token: string): string {
  const hex = Buffer.from(token.slice('fq_'.length), 'base64url').subarray(0, UUID_BYTES).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
