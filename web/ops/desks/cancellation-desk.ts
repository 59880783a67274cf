import type { AdminClient } from '../../../src/client/admin-client.ts';
import type { AdminConcert, AdminSchedule, Cancellation } from '../../../src/client/answers.ts';
import type { Say } from '../console-state.ts';
import type { DeskTools } from '../desk-tools.ts';

/** By the id of the cancellation. */
export type CancellationState = ReadonlyMap<string, Cancellation>;

/** What a cancellation will end and refund; null where the service does not say now. */
interface Effect {
  readonly held: number;
  readonly sold: number;
  readonly money: number;
}

const WATCH_EVERY_MS = 500;

/** Cancels dates and concerts, and watches their refunds. `refresh` reads the concert anew. */
export function createCancellationDesk(tools: DeskTools, refresh: (concertId: number) => Promise<void>) {
  const { run, load, ask, done } = tools;
  const watched = new Set<string>();

  /** Follows the refunds to their end. One that cannot be read now is asked again. */
  async function watch(cancellationId: string): Promise<void> {
    if (watched.has(cancellationId)) return;
    watched.add(cancellationId);
    let isRunning = true;
    while (isRunning) {
      isRunning = await load(`cancellation ${cancellationId}`, async (admin) => {
        const found = await admin.cancellation(cancellationId);
        tools.change({ cancellations: new Map(tools.state.cancellations).set(cancellationId, found) });
        isRunning = found.state === 'RUNNING';
      }).then((isDone) => isDone && isRunning);
      if (isRunning) await new Promise((resolve) => setTimeout(resolve, WATCH_EVERY_MS));
    }
    watched.delete(cancellationId);
  }

  /** From the report of sales, which counts what was not refunded yet, and from the overview, which counts holds. */
  async function effectOf(admin: AdminClient, concertId: number, scheduleId: number | null): Promise<Effect> {
    const isMeant = (row: { readonly scheduleId: number | null }) =>
      scheduleId === null || row.scheduleId === scheduleId;
    const [report, overview] = await Promise.all([admin.sales('date', concertId), admin.overview()]);
    const rows = report.rows.filter(isMeant);
    const dates = overview.schedules.filter((date) => date.concertId === concertId && isMeant(date));
    return {
      held: dates.reduce((sum, { held }) => sum + held, 0),
      sold: rows.reduce((sum, { seatsSold, seatsRefunded }) => sum + seatsSold - seatsRefunded, 0),
      money: rows.reduce((sum, { net }) => sum + net, 0),
    };
  }

  /** Learns what will happen, asks once, and does it. */
  async function cancel(
    task: string,
    { concertId }: AdminConcert,
    scheduleId: number | null,
    words: { readonly title: Say; readonly yes: Say; readonly what: string; readonly more?: Say },
  ): Promise<void> {
    let effect: Effect | null = null;
    await run(task, async (admin) => {
      effect = await effectOf(admin, concertId, scheduleId);
    });
    const known = effect as Effect | null;
    ask({
      task,
      title: words.title,
      lines: [
        (t) => t.cancelling.what(words.what),
        (t, format) =>
          known === null
            ? t.cancelling.unknown
            : t.cancelling.effect(format.number(known.held), format.number(known.sold), format.money(known.money)),
        ...(words.more === undefined ? [] : [words.more]),
      ],
      yes: words.yes,
      needsReason: true,
      async run(reason) {
        const isDone = await run(task, async (admin) => {
          const { cancellationId } = await (scheduleId === null
            ? admin.cancelConcert(concertId, reason)
            : admin.cancelSchedule(scheduleId, reason));
          await refresh(concertId);
          void watch(cancellationId);
        });
        if (isDone) done((t) => t.cancelling.started);
        return isDone;
      },
    });
  }

  return {
    watch,
    cancelDate: (concert: AdminConcert, { scheduleId }: AdminSchedule, when: string) =>
      cancel('cancel-date', concert, scheduleId, {
        title: (t) => t.cancelling.dateTitle,
        yes: (t) => t.cancelling.date,
        what: `${concert.title}, ${when}`,
      }),
    cancelConcert: (concert: AdminConcert, waiting: number) =>
      cancel('cancel-concert', concert, null, {
        title: (t) => t.cancelling.concertTitle,
        yes: (t) => t.cancelling.concert,
        what: concert.title,
        more: (t, format) => t.cancelling.queue(format.number(waiting)),
      }),
    /** Tries the parked refunds of a date again. */
    async again({ concertId, scheduleId, cancellationId, reason }: Cancellation): Promise<void> {
      await run(`again ${cancellationId}`, async (admin) => {
        await (scheduleId === null ? admin.cancelConcert(concertId, reason) : admin.cancelSchedule(scheduleId, reason));
        void watch(cancellationId);
      });
    },
  };
}
