import type { Answer, ApiClient } from '../fixtures/api-client.ts';
import { enter } from '../fixtures/service.ts';
import type { Random } from './random.ts';

/** What one command changed: it must be seen whole or not at all. */
export interface CommandRange {
  readonly fromSeq: number;
  readonly seq: number;
}

/** Fans of one concert who hold, release, pay and refund over HTTP. */
export interface LiveShoppers {
  /** Access tokens. */
  readonly tokens: readonly string[];
  readonly commands: readonly CommandRange[];
  /** Sends so many random commands, one at a time for each shopper, and calls `between` after each; resolves after the last. */
  burst(count: number, between?: () => void): Promise<void>;
}

interface Shopper {
  readonly fan: { readonly userId: string; readonly accessToken: string };
  queueToken: string;
  held: string[];
  paid: string[];
  /** Every reservation that was ever granted. */
  readonly known: Set<string>;
}

const RICH = 10_000_000;
const SEATS_MOST = 4;

export async function createLiveShoppers(
  api: ApiClient,
  hall: { readonly concertId: number; readonly scheduleId: number; readonly seatCount: number },
  { count, random }: { readonly count: number; readonly random: Random },
): Promise<LiveShoppers> {
  const { concertId, scheduleId, seatCount } = hall;
  const commands: CommandRange[] = [];
  const shoppers = await Promise.all(
    Array.from({ length: count }, async (): Promise<Shopper> => {
      const { queueToken, ...fan } = await enter(api, concertId);
      await api.call('POST', '/me/balance/charge', { token: fan.accessToken, body: { amount: RICH } });
      return { fan, queueToken, held: [], paid: [], known: new Set() };
    }),
  );

  function note(changes: readonly { readonly seq: number }[]): void {
    const numbers = changes.map(({ seq }) => seq);
    commands.push({ fromSeq: Math.min(...numbers), seq: Math.max(...numbers) });
  }

  function check(answer: Answer, allowed: readonly number[]): boolean {
    if (answer.status < 300) return true;
    if (allowed.includes(answer.status)) return false;
    throw new Error(`a command was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  async function hold(shopper: Shopper): Promise<void> {
    const wanted = random.chance(0.5) ? 1 : 1 + random.below(SEATS_MOST);
    const seatNumbers = [...new Set(Array.from({ length: wanted }, () => 1 + random.below(seatCount)))];
    const body = { scheduleId, seatNumbers };
    const answer = await api.call('POST', '/reservations', { token: shopper.queueToken, body });
    if (answer.status === 401) {
      // A payment ended the token; who wants more queues again.
      shopper.queueToken = (await enter(api, concertId, shopper.fan)).queueToken;
      return;
    }
    if (!check(answer, [409])) return;
    const { reservations } = answer.as<{ reservations: { reservationId: string; seq: number }[] }>();
    const fresh = reservations.filter(({ reservationId }) => !shopper.known.has(reservationId));
    // Seats that the shopper had held before are granted under their old numbers.
    if (fresh.length > 0) note(fresh);
    for (const { reservationId } of fresh) {
      shopper.held.push(reservationId);
      shopper.known.add(reservationId);
    }
  }

  function takeAny(list: string[]): string | undefined {
    return list.splice(random.below(Math.max(list.length, 1)), 1)[0];
  }

  async function release(shopper: Shopper): Promise<void> {
    const reservationId = takeAny(shopper.held);
    if (reservationId === undefined) return hold(shopper);
    const answer = await api.call('DELETE', `/reservations/${reservationId}`, { token: shopper.fan.accessToken });
    check(answer, [409]);
  }

  async function pay(shopper: Shopper): Promise<void> {
    const reservationIds = [...new Set(shopper.held.splice(-3))];
    if (reservationIds.length === 0) return hold(shopper);
    const answer = await api.call('POST', '/payments', { token: shopper.fan.accessToken, body: { reservationIds } });
    if (!check(answer, [409, 410]) || answer.status !== 201) return;
    const { paymentId, reservations } = answer.as<{ paymentId: string; reservations: { seq: number }[] }>();
    note(reservations);
    shopper.paid.push(paymentId);
  }

  async function refund(shopper: Shopper): Promise<void> {
    const paymentId = takeAny(shopper.paid);
    if (paymentId === undefined) return pay(shopper);
    const answer = await api.call('POST', `/payments/${paymentId}/refund`, { token: shopper.fan.accessToken });
    check(answer, []);
    note(answer.as<{ reservations: { seq: number }[] }>().reservations);
  }

  return {
    tokens: shoppers.map(({ fan }) => fan.accessToken),
    commands,
    async burst(count, between = () => undefined) {
      let left = count;
      const shop = async (shopper: Shopper): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await random.pick([hold, hold, hold, hold, release, release, pay, refund])(shopper);
          between();
        }
      };
      await Promise.all(shoppers.map(shop));
    },
  };
}
