import type { AdminClient } from '../../../src/client/admin-client.ts';
import type { Say } from '../console-state.ts';
import type { DeskTools } from '../desk-tools.ts';

/** A seat of a date and the name by which people find it. */
export interface NamedSeat {
  readonly scheduleId: number;
  readonly seatNumber: number;
  readonly name: string;
}

/** A seat with the user who has it. */
export type TakenSeat = NamedSeat & { readonly userId: string | null };

interface Wish {
  readonly task: string;
  readonly seats: readonly NamedSeat[];
  readonly title: Say;
  readonly line: Say;
  readonly yes: Say;
  readonly after: Say;
  work(admin: AdminClient, reason: string): Promise<unknown>;
}

/** A question names this many seats, so that it stays readable. */
const NAMED_SEATS = 12;
/** Changes after which the seat no longer has its reservation. */
const ENDS: ReadonlySet<string> = new Set(['EXPIRED', 'CANCELLED', 'REFUNDED', 'MOVED_AWAY']);

/** What the box office does with the seats of a date. `look` reads the hall again. */
export function createSeatDesk(tools: DeskTools, look: (scheduleId: number) => Promise<void>) {
  const { run, ask, done } = tools;

  /** A refusal in this page's own words, which name the seats. */
  function reword(seats: readonly NamedSeat[]): void {
    const { fault } = tools.state;
    if (fault === null) return;
    const meant = seats.filter(({ seatNumber }) => fault.seatNumbers?.includes(seatNumber));
    const title: Say = (t, format) => {
      switch (fault.code) {
        case 'SEAT_TAKEN':
          return t.desk.seatTaken(namesOf(meant.length > 0 ? meant : seats));
        case 'SEAT_NOT_FOUND':
          return t.desk.seatNotFound;
        case 'SCHEDULE_CANCELLED':
          return t.desk.cancelled;
        case 'SCHEDULE_NOT_FOUND':
          return t.dates.missing;
        case 'USER_NOT_FOUND':
          return t.desk.nobody;
        case 'RESERVATION_NOT_HELD':
        case 'RESERVATION_NOT_FOUND':
          return t.desk.notLive;
        default:
          return fault.title(t, format);
      }
    };
    tools.change({ fault: { ...fault, title } });
  }

  /** Asks once, does it, and shows the hall as it is then. */
  function propose(scheduleId: number, { task, seats, title, line, yes, after, work }: Wish): void {
    ask({
      task,
      title,
      lines: [line],
      yes,
      needsReason: true,
      async run(reason) {
        const isDone = await run(task, async (admin) => {
          await work(admin, reason);
        });
        if (!isDone) {
          reword(seats);
          return false;
        }
        tools.change({ hall: { ...tools.state.hall, chosen: new Set(), history: null } });
        await look(scheduleId);
        done(after);
        return true;
      },
    });
  }

  function namesOf(seats: readonly NamedSeat[]): string {
    const names = seats.slice(0, NAMED_SEATS).map(({ name }) => name);
    return seats.length > NAMED_SEATS ? `${names.join(', ')}, …` : names.join(', ');
  }
  const numbersOf = (seats: readonly NamedSeat[]): readonly number[] => seats.map(({ seatNumber }) => seatNumber);

  return {
    block(scheduleId: number, seats: readonly NamedSeat[]): void {
      propose(scheduleId, {
        task: 'block',
        seats,
        title: (t) => t.desk.blockTitle,
        line: (t, format) => t.desk.blockWords(format.number(seats.length), namesOf(seats)),
        yes: (t) => t.desk.block,
        after: (t, format) => t.desk.blocked(format.number(seats.length)),
        work: (admin, reason) => admin.blockSeats(scheduleId, numbersOf(seats), reason),
      });
    },
    unblock(scheduleId: number, seats: readonly NamedSeat[]): void {
      propose(scheduleId, {
        task: 'unblock',
        seats,
        title: (t) => t.desk.unblockTitle,
        line: (t, format) => t.desk.unblockWords(format.number(seats.length), namesOf(seats)),
        yes: (t) => t.desk.unblock,
        after: (t, format) => t.desk.unblocked(format.number(seats.length)),
        work: (admin, reason) => admin.unblockSeats(scheduleId, numbersOf(seats), reason),
      });
    },
    /** Finds the guest first, so that the question names them. */
    async comp(seat: NamedSeat, email: string): Promise<void> {
      const { scheduleId, name } = seat;
      await run('comp', async (admin) => {
        const user = await admin.findUser(email);
        if (user === null) {
          tools.change({ fault: { at: 'comp', code: 'USER_NOT_FOUND', title: (t) => t.desk.nobody, lines: [] } });
          return;
        }
        propose(scheduleId, {
          task: 'give',
          seats: [seat],
          title: (t) => t.desk.compTitle,
          line: (t) => t.desk.compWords(name, user.name, user.email ?? email),
          yes: (t) => t.desk.comp,
          after: (t) => t.desk.comped(name),
          work: (caller, reason) => caller.compSeat(seat, user.userId, reason),
        });
      });
    },
    /** The log of the seat says which reservation has it. */
    async move(from: TakenSeat, to: NamedSeat): Promise<void> {
      await run('find-reservation', async (admin) => {
        const { items } = await admin.seatHistory(from.scheduleId, from.seatNumber, { limit: 10 });
        const last = items.find((change) => change.reservationId !== null);
        const reservationId = last?.reservationId ?? null;
        if (last === undefined || reservationId === null || ENDS.has(last.cause) || last.userId !== from.userId) {
          const title: Say = (t) => t.desk.notLive;
          tools.change({ fault: { at: 'find-reservation', code: 'RESERVATION_NOT_FOUND', title, lines: [] } });
          return;
        }
        propose(from.scheduleId, {
          task: 'move',
          seats: [to],
          title: (t) => t.desk.moveTitle,
          line: (t) => t.desk.moveWords(from.name, to.name),
          yes: (t) => t.desk.move,
          after: (t) => t.desk.moved(to.name),
          work: (caller, reason) => caller.moveReservation(reservationId, to.seatNumber, reason),
        });
      });
    },
  };
}
