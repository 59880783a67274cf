import type { Field } from '../contestants/field.ts';
import type { FrontrowContestant, StartOverrides } from '../contestants/frontrow.ts';
import { asObject, readInteger, readObjects } from '../../harness/json.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';
import { seatWord } from '../watchers/frame-store.ts';

/** A fresh schedule with every seat free, on a service of its own process. */
export interface Hall {
  readonly scheduleId: number;
  readonly seatCount: number;
  readonly server: ServerProcess;
  /** The schedule's map by `GET`, with `seq`, and the same by the database: the word of seat n at n. */
  readMaps(): Promise<{ readonly seq: number; readonly shown: string[]; readonly stored: string[] }>;
}

const SEAT_COUNT = 500;
/** Enough that none reaches the limit of seats, and few enough that their tokens stay in memory. */
const HOLDERS = 50;

/** Starts the service and opens the hall; whoever does stops `server`. */
export async function openHall(field: Field, overrides: StartOverrides = {}): Promise<Hall> {
  const frontrow = theService(field);
  const [scheduleId = 0] = await frontrow.addSchedules(1, SEAT_COUNT);
  await field.settle(frontrow);
  return describeHall(frontrow, scheduleId, await frontrow.start(overrides));
}

/** The same hall on a service that was started again. */
export function describeHall(frontrow: FrontrowContestant, scheduleId: number, server: ServerProcess): Hall {
  return {
    scheduleId,
    seatCount: SEAT_COUNT,
    server,
    async readMaps() {
      const authorization = `Bearer ${frontrow.shoppers()[0]?.token ?? ''}`;
      const answer = await fetch(`${server.url}/api/v1/schedules/${scheduleId}/seats`, { headers: { authorization } });
      const map = asObject(await answer.json());
      const shown: string[] = [];
      for (const seat of readObjects(map, 'seats')) shown[readInteger(seat, 'seatNumber')] = seatWord(seat);
      const live = await frontrow.readLiveSeats(scheduleId);
      const stored: string[] = [];
      for (let seatNumber = 1; seatNumber <= SEAT_COUNT; seatNumber += 1) {
        const { status, heldUntil } = live.get(seatNumber) ?? { status: 'AVAILABLE', heldUntil: null };
        stored[seatNumber] = `${status} ${heldUntil ?? ''}`;
      }
      return { seq: readInteger(map, 'seq'), shown, stored };
    },
  };
}

/** Queue tokens of those who hold, and access tokens of those who watch. */
export function peopleOf(field: Field): { readonly holders: readonly string[]; readonly viewers: readonly string[] } {
  const shoppers = theService(field).shoppers();
  return {
    holders: shoppers.slice(0, HOLDERS).map(({ token }) => token),
    viewers: shoppers.map(({ accessToken }) => accessToken),
  };
}

/** The service among the contestants; an Error when there is none. */
export function theService({ frontrow }: Field): FrontrowContestant {
  if (frontrow === null) throw new Error('There is no service to measure.');
  return frontrow;
}
