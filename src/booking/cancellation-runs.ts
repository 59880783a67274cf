/**
 * Carries out cancellations: has the owners end the holds of their dates, and refunds their payments.
 *
 * REFUNDS-1. Each payment is refunded at most once. Only the owner refunds; a run that repeats what was done before, or what
 *     another node does at the moment, changes nothing.
 * REFUNDS-2. A run can be cut off anywhere: the next one goes on from the seats that are still paid for.
 * REFUNDS-3. A payment that the owner refuses to refund is parked and does not stop the others.
 */
import type { RefundPayment, ReloadSchedule } from '../actors/command.ts';
import type { Cancellations, DueRefund } from '../domain/cancellation.ts';
import { Fault } from '../domain/errors.ts';
import { type Clock, pause } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Services } from './services.ts';

/** Refunds that are asked for together. The journal takes as many in one or two statements, between which buyers take turns. */
const REFUNDS_AT_ONCE = 200;
/** An owner that moves or starts is back within seconds; after this the sweep of a minute's time goes on. */
const ATTEMPTS = 10;
const RETRY_PAUSE_MS = 1_000;

export interface CancellationRuns {
  /** Carries it out; a run of this process that is not done yet does so once more. Resolves when that has ended, done or not; never rejects. */
  run(cancellationId: string): Promise<void>;
  /** Carries out all that are not done, as the sweep does. */
  resume(): Promise<void>;
  /** Begins no more refunds and waits for those that were asked for. */
  close(): Promise<void>;
}

export interface CancellationRunsDependencies {
  readonly cancellations: Cancellations;
  readonly router: Services['router'];
  readonly clock: Clock;
  readonly log: Log;
}

export function createCancellationRuns(deps: CancellationRunsDependencies): CancellationRuns {
  const { cancellations, router, clock, log } = deps;
  const running = new Map<string, Promise<void>>();
  const orderedAgain = new Set<string>();
  let isClosing = false;

  /** Owners of a former epoch load the date again, and a cancelled date ends its holds before it answers. */
  async function endHolds(cancellationId: string): Promise<boolean> {
    const dates = await cancellations.listDates(cancellationId);
    const replies = await Promise.all(
      dates.map(async (date) => await router.dispatch<ReloadSchedule>({ type: 'ReloadSchedule', ...date })),
    );
    return replies.every(({ outcome }) => outcome !== 'failed');
  }

  /** False when it is not known whether the payment is refunded. */
  async function refund(cancellationId: string, due: DueRefund): Promise<boolean> {
    const { scheduleId, paymentId, userId } = due;
    const command = {
      type: 'RefundPayment',
      scheduleId,
      paymentId,
      userId,
      isByOrganiser: true,
      act: null,
      claim: null,
    } as const;
    const reply = await router.dispatch<RefundPayment>(command);
    if (reply.outcome === 'refused') {
      const { code } = reply.rejection;
      log.warn({ cancellationId, paymentId, code }, 'a payment of a cancelled date cannot be refunded');
      await cancellations.park(cancellationId, paymentId, code);
    }
    return reply.outcome === 'granted' || reply.outcome === 'refused';
  }

  /** Whether all is done. */
  async function carryOut(cancellationId: string): Promise<boolean> {
    if (!(await endHolds(cancellationId))) return false;
    for (;;) {
      const due = isClosing ? [] : await cancellations.listDue(cancellationId, REFUNDS_AT_ONCE);
      if (due.length === 0) break;
      const known = await Promise.all(due.map((each) => refund(cancellationId, each)));
      if (known.includes(false)) return false;
    }
    return cancellations.finish(cancellationId);
  }

  async function attempt(cancellationId: string): Promise<void> {
    for (let attempts = 1; attempts <= ATTEMPTS && !isClosing; attempts += 1) {
      try {
        if (await carryOut(cancellationId)) return;
      } catch (error) {
        if (!(error instanceof Fault)) {
          log.error({ err: error, cancellationId }, 'a cancellation could not be carried out');
          return;
        }
      }
      await pause(clock, RETRY_PAUSE_MS);
    }
    if (!isClosing) log.warn({ cancellationId }, 'a cancellation is not done yet; it goes on within a minute');
  }

  /** A run that is ordered again before its end may have passed what the order released, so it starts once more. */
  async function attemptWhileOrdered(cancellationId: string): Promise<void> {
    do {
      orderedAgain.delete(cancellationId);
      await attempt(cancellationId);
    } while (orderedAgain.has(cancellationId) && !isClosing);
    running.delete(cancellationId);
  }

  function run(cancellationId: string): Promise<void> {
    const known = running.get(cancellationId);
    if (known !== undefined) {
      orderedAgain.add(cancellationId);
      return known;
    }
    const begun = attemptWhileOrdered(cancellationId);
    running.set(cancellationId, begun);
    return begun;
  }

  return {
    run,

    async resume() {
      if (isClosing) return;
      const unfinished = await cancellations.listRunning();
      await Promise.all(unfinished.map(run));
    },

    async close() {
      isClosing = true;
      await Promise.all(running.values());
    },
  };
}
