import { randomUUID } from 'node:crypto';
import type { Answer, ApiClient } from '../../fixtures/api-client.ts';
import { enter, type Hall } from '../../fixtures/service.ts';

/** A fan inside, with a full wallet. */
export interface Shopper {
  readonly userId: string;
  readonly accessToken: string;
  readonly queueToken: string;
  /** Holds these seats; one gives a Reservation, several `{reservations}`. */
  hold(scheduleId: number, ...seatNumbers: readonly number[]): Promise<Answer>;
  release(held: Answer): Promise<Answer>;
  pay(held: Answer): Promise<Answer>;
  refund(paid: Answer): Promise<Answer>;
}

export async function shopperOf(api: ApiClient, { concertId }: Pick<Hall, 'concertId'>): Promise<Shopper> {
  const fan = await enter(api, concertId);
  const { accessToken, queueToken } = fan;
  await api.call('POST', '/me/balance/charge', { token: accessToken, key: randomUUID(), body: { amount: 1_000_000 } });
  return {
    ...fan,
    hold(scheduleId, ...seatNumbers) {
      const [seatNumber] = seatNumbers;
      const body = seatNumbers.length === 1 ? { scheduleId, seatNumber } : { scheduleId, seatNumbers };
      return api.call('POST', '/reservations', { token: queueToken, key: randomUUID(), body });
    },
    release(held) {
      const { reservationId } = held.as<{ reservationId: string }>();
      return api.call('DELETE', `/reservations/${reservationId}`, { token: accessToken });
    },
    pay(held) {
      const { reservationId } = held.as<{ reservationId: string }>();
      return api.call('POST', '/payments', { token: accessToken, key: randomUUID(), body: { reservationId } });
    },
    refund(paid) {
      const { paymentId } = paid.as<{ paymentId: string }>();
      return api.call('POST', `/payments/${paymentId}/refund`, { token: accessToken, key: randomUUID() });
    },
  };
}

/** The number that an answer carries. */
export function seqOf(answer: Answer): number {
  const { seq, reservations } = answer.as<{ seq?: number; reservations?: readonly { seq: number }[] }>();
  const found = seq ?? reservations?.at(-1)?.seq;
  if (found === undefined) throw new Error(`no seq in ${JSON.stringify(answer.body)}`);
  return found;
}
