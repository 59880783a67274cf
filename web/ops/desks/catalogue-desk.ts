import type { AdminClient } from '../../../src/client/admin-client.ts';
import type {
  AdminConcert,
  AdminSchedule,
  NewConcert,
  NewSchedule,
  PriceRange,
  ScheduleChange,
  SchedulePlan,
  SeatPlanVersion,
} from '../../../src/client/answers.ts';
import { hashOfConcert } from '../console-route.ts';
import type { DeskTools } from '../desk-tools.ts';

/** The fields of a concert that its form has. */
export type ConcertForm = Pick<NewConcert, 'title' | 'artist' | 'venue' | 'bookingOpensAt' | 'bookingClosesAt'> & {
  readonly timeZone: string;
};

/** An edit that came too late: another organiser has changed the concert since the form was filled. */
export interface Conflict {
  readonly base: AdminConcert;
  readonly theirs: AdminConcert;
  readonly mine: ConcertForm;
}

export interface DateDraft {
  readonly plan: SeatPlanVersion;
  readonly prices: ReadonlyMap<string, number>;
}

export interface CatalogueState {
  /** Null until they have been read. */
  readonly concerts: readonly AdminConcert[] | null;
  readonly nextCursor: string | null;
  /** Of the open page; null until it has been read. */
  readonly concert: AdminConcert | 'missing' | null;
  readonly conflict: Conflict | null;
  /** The date whose form is open. */
  readonly editedDate: number | 'new' | null;
  /** The seat plan that a new date will have, and the prices that were typed for its levels; null: seats by number. */
  readonly draft: DateDraft | null;
  /** The plan of the edited date; null until it has been read. */
  readonly datePlan: SchedulePlan | null;
  /** The newest version of that plan; null when the date has it. */
  readonly newerPlan: SeatPlanVersion | null;
}

export const FIRST_CATALOGUE: CatalogueState = {
  concerts: null,
  nextCursor: null,
  concert: null,
  conflict: null,
  editedDate: null,
  draft: null,
  datePlan: null,
  newerPlan: null,
};

const PAGE = 50;

/** The organiser's concerts and their dates. */
export function createCatalogueDesk(tools: DeskTools) {
  const { run, load, ask, done } = tools;
  const read = (): CatalogueState => tools.state.catalogue;
  const note = (changes: Partial<CatalogueState>): void => tools.change({ catalogue: { ...read(), ...changes } });

  async function refresh(admin: AdminClient, concertId: number): Promise<void> {
    note({ concert: await admin.concert(concertId) });
  }

  /** Does something to a concert and shows it as it is then. */
  function act(task: string, concertId: number, work: (admin: AdminClient) => Promise<unknown>): Promise<boolean> {
    return run(task, async (admin) => {
      await work(admin);
      await refresh(admin, concertId);
    });
  }

  async function save(concert: AdminConcert, form: ConcertForm, version: number): Promise<void> {
    const isSaved = await run('concert', async (admin) => {
      note({ concert: await admin.changeConcert(concert.concertId, version, form), conflict: null });
    });
    if (isSaved) return done((t) => t.concerts.saved);
    if (tools.state.fault?.code !== 'VERSION_STALE') return;
    await load('concert', async (admin) => {
      const theirs = await admin.concert(concert.concertId);
      note({ conflict: { base: concert, theirs, mine: form } });
    });
  }

  return {
    openList: () =>
      load('concerts', async (admin) => {
        const { items, nextCursor } = await admin.concerts({ limit: PAGE });
        note({ concerts: items, nextCursor });
      }),
    openMore: () =>
      load('concerts', async (admin) => {
        const { concerts, nextCursor: cursor } = read();
        if (cursor === null) return;
        const { items, nextCursor } = await admin.concerts({ limit: PAGE, cursor });
        note({ concerts: [...(concerts ?? []), ...items], nextCursor });
      }),
    async open(concertId: number): Promise<void> {
      const shown = read().concert;
      if (shown === null || shown === 'missing' || shown.concertId !== concertId) {
        note({ concert: null, conflict: null, editedDate: null });
      }
      await load('concert', (admin) => refresh(admin, concertId));
      if (tools.state.fault?.code === 'CONCERT_NOT_FOUND') {
        note({ concert: 'missing' });
        tools.change({ fault: null });
      }
    },
    async create(form: ConcertForm): Promise<void> {
      let concertId: number | null = null;
      const isDone = await run('concert', async (admin) => {
        ({ concertId } = await admin.createConcert(form));
      });
      if (!isDone || concertId === null) return;
      await tools.go(hashOfConcert(concertId));
      done((t) => t.concerts.created(form.title));
    },
    save: (concert: AdminConcert, form: ConcertForm) => save(concert, form, concert.version),
    saveAnyway({ theirs, mine }: Conflict): Promise<void> {
      return save(theirs, mine, theirs.version);
    },
    takeTheirs({ theirs }: Conflict): void {
      note({ concert: theirs, conflict: null });
    },
    openBooking(concert: AdminConcert): void {
      ask({
        task: 'open-booking',
        title: (t) => t.concerts.openTitle,
        lines: [(t, format) => t.concerts.openWords(concert.title, format.number(concert.schedules.length))],
        yes: (t) => t.concerts.openNow,
        isHarmless: true,
        async run() {
          const change = { bookingOpensAt: tools.now() };
          const isDone = await act('open-booking', concert.concertId, (admin) =>
            admin.changeConcert(concert.concertId, concert.version, change),
          );
          if (isDone) done((t) => t.concerts.opened);
          return isDone;
        },
      });
    },
    closeBooking(concert: AdminConcert, { held, waiting }: { readonly held: number; readonly waiting: number }): void {
      ask({
        task: 'close-booking',
        title: (t) => t.concerts.closeTitle,
        lines: [(t, format) => t.concerts.closeWords(concert.title, format.number(held), format.number(waiting))],
        yes: (t) => t.concerts.closeNow,
        async run() {
          const change = { bookingClosesAt: tools.now() };
          const isDone = await act('close-booking', concert.concertId, (admin) =>
            admin.changeConcert(concert.concertId, concert.version, change),
          );
          if (isDone) done((t) => t.concerts.closedNow);
          return isDone;
        },
      });
    },
    pauseQueue: ({ concertId }: AdminConcert, paused: boolean) =>
      act('pause', concertId, (admin) => admin.changeQueue(concertId, { paused })),
    remove({ concertId, title, schedules }: AdminConcert): void {
      ask({
        task: 'remove-concert',
        title: (t) => t.concerts.removeTitle,
        lines: [(t, format) => t.concerts.removeWords(title, format.number(schedules.length))],
        yes: (t) => t.concerts.remove,
        async run() {
          const isDone = await run('remove-concert', (admin) => admin.deleteConcert(concertId));
          if (!isDone) return false;
          await tools.go('#/concerts');
          done((t) => t.concerts.removed);
          return true;
        },
      });
    },

    async editDate(editedDate: number | 'new' | null): Promise<void> {
      note({ editedDate, datePlan: null, newerPlan: null, draft: null });
      tools.change({ fault: null, done: null });
      if (typeof editedDate !== 'number') return;
      await load('date', async (admin) => {
        const datePlan = await tools.client.plan(editedDate);
        if (read().editedDate === editedDate) note({ datePlan });
        if (datePlan.planId === null) return;
        const newest = await admin.seatPlan(datePlan.planId);
        const isNewer = newest.version > (datePlan.version ?? newest.version);
        if (read().editedDate === editedDate && isNewer) note({ newerPlan: newest });
      });
    },
    /** Null: seats by number. */
    async choosePlan(planId: number | null): Promise<void> {
      if (planId === null) return note({ draft: null });
      await load('date', async (admin) => {
        const plan = await admin.seatPlan(planId);
        if (read().editedDate === 'new') note({ draft: { plan, prices: new Map() } });
      });
    },
    /** Null: the level has no price yet. */
    priceLevel(level: string, price: number | null): void {
      const { draft } = read();
      if (draft === null) return;
      const prices = new Map(draft.prices);
      if (price === null) prices.delete(level);
      else prices.set(level, price);
      note({ draft: { ...draft, prices } });
    },
    async addDate(concertId: number, schedule: NewSchedule): Promise<void> {
      const isDone = await act('date', concertId, (admin) => admin.createSchedule(concertId, schedule));
      if (!isDone) return;
      note({ editedDate: null });
      done((t) => t.dates.added);
    },
    async saveDate(concertId: number, scheduleId: number, change: ScheduleChange): Promise<void> {
      const isDone = await act('date', concertId, (admin) => admin.changeSchedule(scheduleId, change));
      if (!isDone) return;
      note({ editedDate: null });
      done((t) => t.dates.saved);
    },
    async savePrices(concertId: number, scheduleId: number, prices: number | readonly PriceRange[]): Promise<void> {
      let unchanged = 0;
      const isDone = await act('prices', concertId, async (admin) => {
        unchanged = (await admin.changePrices(scheduleId, prices)).unchanged.length;
      });
      if (isDone) done((t, format) => t.dates.pricesSaved(format.number(unchanged)));
    },
    async openDate(concertId: number, { scheduleId }: AdminSchedule): Promise<void> {
      const isDone = await act(`date ${scheduleId}`, concertId, (admin) =>
        admin.changeSchedule(scheduleId, { closed: false }),
      );
      if (isDone) done((t) => t.dates.openedNow);
    },
    closeDate(concertId: number, { scheduleId, availableSeats }: AdminSchedule, when: string): void {
      ask({
        task: 'close-date',
        title: (t) => t.dates.closeTitle,
        lines: [(t, format) => t.dates.closeWords(when, format.number(availableSeats))],
        yes: (t) => t.dates.close,
        async run() {
          const isDone = await act('close-date', concertId, (admin) =>
            admin.changeSchedule(scheduleId, { closed: true }),
          );
          if (isDone) done((t) => t.dates.closedNow);
          return isDone;
        },
      });
    },
    removeDate(concertId: number, { scheduleId, totalSeats }: AdminSchedule, when: string): void {
      ask({
        task: 'remove-date',
        title: (t) => t.dates.removeTitle,
        lines: [(t, format) => t.dates.removeWords(when, format.number(totalSeats))],
        yes: (t) => t.dates.remove,
        async run() {
          const isDone = await act('remove-date', concertId, (admin) => admin.deleteSchedule(scheduleId));
          if (isDone) done((t) => t.dates.removed);
          return isDone;
        },
      });
    },
  };
}
