import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Caller, Place, Told } from '../history/caller.ts';
import type { Random } from '../../harness/random.ts';
import type { Fan, Venue } from './venue.ts';

/** People who do anything that the contract allows, based on earlier answers. */
export interface Crowd {
  /** One of them sends a request; false when all of them wait for an answer. Errors of unreadable answers go to `onBroken`. */
  act(): boolean;
  readonly underWay: number;
}

/** Requests in flight; more would exhaust the machine's descriptors instead of finding a fault of the service. */
const UNDER_WAY_MOST = 1_500;
const CHARGE = 10_000;
/** A retry comes while the fault lasts, or after it. */
const RETRY_AFTER_MOST_MS = 1_500;
const REMEMBERED_MOST = 6;
const KEPT_PAYMENTS = 1;

export function createCrowd(deps: {
  readonly random: Random;
  readonly caller: Caller;
  readonly places: readonly [Place, ...Place[]];
  readonly venue: Venue;
  readonly onBroken: (error: unknown) => void;
}): Crowd {
  const { random, caller, places, venue, onBroken } = deps;
  const idleFans = [...venue.fans];
  const idleQueuers = [...venue.queuers];
  let underWay = 0;

  const anywhere = (): Place => random.pick(places);
  const one = (numbers: readonly number[]): number => numbers[random.below(numbers.length)] ?? 0;
  const maybeKey = (probability: number): string | null => (random.chance(probability) ? randomUUID() : null);

  function take<T>(list: T[]): T | null {
    const index = random.below(list.length);
    const last = list.pop();
    if (last === undefined) return null;
    if (index >= list.length) return last;
    const taken = list[index] ?? last;
    list[index] = last;
    return taken;
  }

  /** Repeats most requests that have a key and an unknown outcome, at any node, as a client does. */
  async function insist(ask: (place: Place) => Promise<Told>, key: string | null): Promise<Told> {
    // Sometimes a client sends the same request twice at once.
    if (key !== null && random.chance(0.03)) void ask(anywhere()).catch(onBroken);
    let told = await ask(anywhere());
    for (let attempt = 1; told.operation.effect === 'unknown' && key !== null && attempt <= 3; attempt += 1) {
      if (random.chance(0.3)) break;
      await pause(random.below(RETRY_AFTER_MOST_MS));
      told = await ask(anywhere());
    }
    return told;
  }

  async function hold(fan: Fan, scheduleId: number): Promise<void> {
    const count = random.chance(0.7) ? 1 : 2 + random.below(3);
    const seatNumbers = [...new Set(Array.from({ length: count }, () => 1 + random.below(venue.seats)))];
    const key = maybeKey(0.4);
    const { operation } = await insist((place) => caller.hold(place, fan, scheduleId, seatNumbers, key), key);
    if (operation.status === 401) fan.queueToken = null;
    if (operation.matter.kind !== 'hold') return;
    if (operation.effect === 'unknown') await caller.list(anywhere(), fan, scheduleId);
    for (const { reservationId } of operation.matter.granted) remember(fan.holds, { scheduleId, reservationId });
    if (operation.matter.granted.length === 0) return;
    // Most fans decide before the hold expires; the others are too late, or do nothing.
    const dice = random.next();
    if (dice < 0.4) await pay(fan);
    else if (dice < 0.55) await release(fan);
  }

  async function release(fan: Fan): Promise<void> {
    const held = fan.holds.pop();
    if (held === undefined) return look(fan);
    await caller.release(anywhere(), fan, held.scheduleId, held.reservationId);
  }

  async function pay(fan: Fan): Promise<void> {
    const held = fan.holds.pop();
    if (held === undefined) return look(fan);
    const { scheduleId } = held;
    const others = random.chance(0.4) ? fan.holds.filter((each) => each.scheduleId === scheduleId).slice(0, 3) : [];
    const reservationIds = [held, ...others].map(({ reservationId }) => reservationId);
    const key = maybeKey(0.6);
    const { operation } = await insist((place) => caller.pay(place, fan, scheduleId, reservationIds, key), key);
    if (operation.matter.kind !== 'pay' || operation.matter.paymentId === null) return;
    remember(fan.payments, { scheduleId, paymentId: operation.matter.paymentId });
  }

  async function refund(fan: Fan): Promise<void> {
    const payment = take(fan.payments);
    if (payment === null) return look(fan);
    const key = maybeKey(0.5);
    await insist((place) => caller.refund(place, fan, payment.scheduleId, payment.paymentId, key), key);
  }

  async function look(fan: Fan): Promise<void> {
    const shelf = random.pick([venue.busy, venue.quiet, venue.quiet, venue.soldOut]);
    const { operation } = await caller.map(anywhere(), fan, one(shelf));
    if (operation.status === 401) fan.queueToken = null;
  }

  async function shop(fan: Fan): Promise<void> {
    if (fan.queueToken === null) {
      const { exchange } = await caller.enter(anywhere(), fan, venue.concertId);
      if (typeof exchange.body['token'] === 'string') fan.queueToken = exchange.body['token'];
      return;
    }
    // Fans give most seats back, or the halls would be full after a minute.
    if (fan.payments.length > KEPT_PAYMENTS && random.chance(0.7)) return refund(fan);
    const dice = random.next();
    if (dice < 0.3) return look(fan);
    if (dice < 0.56) return hold(fan, one(venue.busy));
    if (dice < 0.66) return hold(fan, one(venue.soldOut));
    if (dice < 0.67) return hold(fan, one(venue.quiet));
    if (dice < 0.71) return release(fan);
    if (dice < 0.78) return pay(fan);
    if (dice < 0.88) return refund(fan);
    const key = randomUUID();
    await insist((place) => caller.charge(place, fan, CHARGE, key), key);
  }

  async function queue(fan: Fan): Promise<void> {
    if (fan.queueToken === null) {
      const { exchange } = await caller.enter(anywhere(), fan, venue.queueConcertId);
      if (typeof exchange.body['token'] === 'string') fan.queueToken = exchange.body['token'];
      return;
    }
    const { body, status } = await caller.ask(anywhere(), {
      method: 'GET',
      path: '/queue/status',
      token: fan.queueToken,
    });
    if (status !== 200) return;
    const mayLeave = body['status'] === 'ACTIVE' ? random.chance(0.5) : random.chance(0.02);
    if (mayLeave && (body['status'] === 'ACTIVE' || body['status'] === 'WAITING')) {
      const { operation } = await caller.leave(anywhere(), fan, venue.queueConcertId);
      if (operation.status === 204) fan.queueToken = null;
    } else if (body['status'] !== 'ACTIVE' && body['status'] !== 'WAITING') {
      fan.queueToken = null;
    }
  }

  function send(fan: Fan, idle: Fan[], run: (fan: Fan) => Promise<void>): void {
    underWay += 1;
    run(fan)
      .catch(onBroken)
      .finally(() => {
        underWay -= 1;
        idle.push(fan);
      });
  }

  return {
    get underWay() {
      return underWay;
    },
    act() {
      if (underWay >= UNDER_WAY_MOST) return false;
      const isQueueing = random.chance(0.1);
      const fan = take(isQueueing ? idleQueuers : idleFans);
      if (fan === null) return false;
      if (isQueueing) send(fan, idleQueuers, queue);
      else send(fan, idleFans, shop);
      return true;
    },
  };
}

/** The newest last; old items are of no more use. */
function remember<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > REMEMBERED_MOST) list.shift();
}
