import type { AdminSeatMap, SchedulePlan, SeatChange } from '../../../src/client/answers.ts';
import type { DeskTools } from '../desk-tools.ts';

export interface HallState {
  readonly scheduleId: number | null;
  readonly plan: SchedulePlan | null;
  readonly map: AdminSeatMap | null;
  readonly chosen: ReadonlySet<number>;
  /** The seat with the keyboard's focus. */
  readonly cursor: number | null;
  /** Of the seat that is chosen alone. */
  readonly history: { readonly seatNumber: number; readonly changes: readonly SeatChange[] } | null;
}

export const FIRST_HALL: HallState = {
  scheduleId: null,
  plan: null,
  map: null,
  chosen: new Set(),
  cursor: null,
  history: null,
};

/** The map is read again this often while the page is visible. */
const LOOK_EVERY_MS = 1_500;

/** The seats of a date as they are. `isOpen` says whether the page still shows it. */
export function createHallDesk(tools: DeskTools, isOpen: (scheduleId: number) => boolean) {
  const { load } = tools;
  const read = (): HallState => tools.state.hall;
  const note = (changes: Partial<HallState>): void => tools.change({ hall: { ...read(), ...changes } });
  let watched: number | null = null;

  async function look(scheduleId: number): Promise<void> {
    await load('hall', async (admin) => {
      const map = await admin.seatMap(scheduleId);
      const { map: known } = read();
      const isSame = known !== null && known.epoch === map.epoch && known.seq === map.seq;
      // The same seats are not drawn again.
      if (read().scheduleId === scheduleId && !isSame) note({ map });
    });
  }

  async function readHistory(): Promise<void> {
    const { scheduleId, chosen } = read();
    const [seatNumber] = chosen;
    if (chosen.size !== 1 || seatNumber === undefined || scheduleId === null) return note({ history: null });
    await load('history', async (admin) => {
      const { items } = await admin.seatHistory(scheduleId, seatNumber, { limit: 20 });
      if (read().chosen.size === 1 && read().chosen.has(seatNumber)) note({ history: { seatNumber, changes: items } });
    });
  }

  /** Looks again until the page shows another section. */
  async function watch(scheduleId: number): Promise<void> {
    if (watched === scheduleId) return;
    watched = scheduleId;
    while (watched === scheduleId && isOpen(scheduleId)) {
      if (!document.hidden) await look(scheduleId);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    if (watched === scheduleId) watched = null;
  }

  return {
    async open(scheduleId: number): Promise<void> {
      if (read().scheduleId !== scheduleId) note({ ...FIRST_HALL, scheduleId });
      await load('hall', async () => note({ plan: await tools.client.plan(scheduleId) }));
      void watch(scheduleId);
    },
    /** Shows at once what has been done. */
    look,
    readHistory,
    toggle(seatNumber: number): void {
      const chosen = new Set(read().chosen);
      if (!chosen.delete(seatNumber)) chosen.add(seatNumber);
      note({ chosen, cursor: seatNumber, history: null });
      void readHistory();
    },
    moveCursor: (cursor: number) => note({ cursor }),
    clear: () => note({ chosen: new Set(), history: null }),
  };
}
