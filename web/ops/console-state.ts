import type { AdminRole, AdminSession } from '../../src/client/answers.ts';
import { type BuyerState, FIRST_BUYERS } from './desks/buyer-desk.ts';
import { FIRST_HALL, type HallState } from './desks/hall-desk.ts';
import { FIRST_OFFICE, type OfficeState } from './desks/office-desk.ts';
import { FIRST_PLANS, type PlanState } from './desks/plan-desk.ts';
import { FIRST_REPORTS, type ReportState } from './desks/report-desk.ts';
import type { CancellationState } from './desks/cancellation-desk.ts';
import { type CatalogueState, FIRST_CATALOGUE } from './desks/catalogue-desk.ts';
import type { ConsoleRoute } from './console-route.ts';
import type { ConsoleTexts } from './language/console-korean.ts';
import type { OpsFormat } from './ops-format.ts';

/** A text in the page's language of the moment. */
export type Say = (t: ConsoleTexts, format: OpsFormat) => string;

/** Why the service refused something, in its own words. */
export interface ConsoleFault {
  /** The task that was refused; its form shows the fault. */
  readonly at: string;
  readonly code: string;
  readonly title: Say;
  /** One line for each faulty value. */
  readonly lines: readonly string[];
  /** The seats that the service named. */
  readonly seatNumbers?: readonly number[];
}

/** What an organiser is asked once before something that cannot be undone. */
export interface Question {
  /** The task that `run` does; its faults are shown in the dialog. */
  readonly task: string;
  readonly title: Say;
  /** What will happen, in numbers. */
  readonly lines: readonly Say[];
  readonly yes: Say;
  /** Whether it asks for the reason, which the log keeps. */
  readonly needsReason?: boolean;
  /** Whether it can be undone as easily as it is done. */
  readonly isHarmless?: boolean;
  /** The dialog closes once it has succeeded. */
  run(reason: string): Promise<boolean>;
}

/** The state of the sections beside the monitor. */
export interface ConsoleState {
  /** Null until the service has said what the key may do. */
  readonly session: AdminSession | null;
  readonly route: ConsoleRoute;
  /** The tasks in flight. */
  readonly busy: ReadonlySet<string>;
  readonly fault: ConsoleFault | null;
  /** The last action that succeeded. */
  readonly done: Say | null;
  readonly question: Question | null;
  readonly catalogue: CatalogueState;
  readonly cancellations: CancellationState;
  readonly hall: HallState;
  readonly planning: PlanState;
  readonly buyers: BuyerState;
  readonly reports: ReportState;
  readonly office: OfficeState;
}

export function firstConsole(route: ConsoleRoute): ConsoleState {
  return {
    session: null,
    route,
    busy: new Set(),
    fault: null,
    done: null,
    question: null,
    catalogue: FIRST_CATALOGUE,
    cancellations: new Map(),
    hall: FIRST_HALL,
    planning: FIRST_PLANS,
    buyers: FIRST_BUYERS,
    reports: FIRST_REPORTS,
    office: FIRST_OFFICE,
  };
}

/** Whether the key may call routes of this role. */
export function may({ session }: ConsoleState, role: AdminRole): boolean {
  return session?.actsAs.includes(role) ?? false;
}

/** Whether the key is not limited to some concerts. */
export function isUnlimited({ session }: ConsoleState): boolean {
  return session !== null && session.concertIds === null;
}
