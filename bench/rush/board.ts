import { readObjects } from '../json.ts';
import type { FanClient } from './fan-client.ts';
import type { Stage } from './stage.ts';

/** How the seats of one date stand, as the public map shows them. */
export interface DateBoard {
  readonly scheduleId: number;
  readonly startsAt: string;
  readonly total: number;
  readonly sold: number;
  readonly held: number;
}

/** Reads every date's map with a queue token, as any shopper could. */
export async function readBoard(client: FanClient, stage: Stage, token: string): Promise<DateBoard[]> {
  return Promise.all(
    stage.dates.map(async ({ scheduleId, startsAt }) => {
      const answer = await client.ask({
        step: 'seat map',
        method: 'GET',
        path: `/schedules/${scheduleId}/seats`,
        token,
      });
      const seats = readObjects(answer.body, 'seats');
      const count = (status: string): number => seats.filter((seat) => seat['status'] === status).length;
      return { scheduleId, startsAt, total: seats.length, sold: count('CONFIRMED'), held: count('HELD') };
    }),
  );
}
