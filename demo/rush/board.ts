import { setTimeout as pause } from 'node:timers/promises';
import type { FrontrowClient } from '../../src/client/frontrow-client.ts';
import type { LiveSeatMap } from '../../src/client/live/live-events.ts';
import type { Stage, StageDate } from './stage.ts';

/** The seats of one date by status. */
export interface DateBoard {
  readonly scheduleId: number;
  readonly startsAt: string;
  readonly total: number;
  readonly sold: number;
  readonly held: number;
}

/** Every date of the concert, as the service pushes it. */
export interface Board {
  /** Every date; a date has no seats until its map has come. */
  dates(): DateBoard[];
  /** Resolves once every map has come, and never when the board is closed before. */
  readonly known: Promise<void>;
  close(): void;
}

/** The service's limit of subscriptions on one connection. */
const DATES_PER_CONNECTION = 20;

/** Watches with an access token, because watching needs no place in the queue. */
export function openBoard(client: FrontrowClient, { dates }: Stage, accessToken: string, seen: () => void): Board {
  const maps = new Map<number, LiveSeatMap>();
  const connections = Array.from({ length: Math.ceil(dates.length / DATES_PER_CONNECTION) }, () =>
    client.live({ token: () => accessToken }),
  );
  const known = new Promise<void>((resolve) => {
    for (const [index, { scheduleId }] of dates.entries()) {
      connections[Math.floor(index / DATES_PER_CONNECTION)]?.seats(scheduleId, (event) => {
        if (event.type === 'error') return;
        seen();
        maps.set(scheduleId, event);
        if (maps.size === dates.length) resolve();
      });
    }
  });
  return {
    dates: () => dates.map((date) => boardOf(date, maps.get(date.scheduleId))),
    known,
    close() {
      for (const connection of connections) connection.close();
    },
  };
}

/** Reads every date again; null when the service does not show all of them within `limitMs`. */
export async function readBoard(
  client: FrontrowClient,
  stage: Stage,
  accessToken: string,
  limitMs: number,
): Promise<DateBoard[] | null> {
  const board = openBoard(client, stage, accessToken, () => undefined);
  const limit = new AbortController();
  try {
    const tooLate = pause(limitMs, null, { signal: limit.signal });
    return await Promise.race([board.known.then(() => board.dates()), tooLate]);
  } finally {
    limit.abort();
    board.close();
  }
}

export function isSoldOut(dates: readonly DateBoard[]): boolean {
  return dates.every(({ sold, total }) => total > 0 && sold === total);
}

function boardOf({ scheduleId, startsAt }: StageDate, map: LiveSeatMap | undefined): DateBoard {
  const seats = map?.seats ?? [];
  const count = (status: string): number => seats.filter((seat) => seat.status === status).length;
  return { scheduleId, startsAt, total: seats.length, sold: count('CONFIRMED'), held: count('HELD') };
}
