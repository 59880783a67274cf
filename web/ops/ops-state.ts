import type { ActivityReport, Overview } from '../../src/client/answers.ts';
import type { Language } from '../language/language.ts';
import type { ConsoleRoute } from './console-route.ts';
import { type ConsoleState, firstConsole } from './console-state.ts';
import { EMPTY_TIMELINE, type Timeline } from './timeline.ts';

export type OccupancyOrder = 'date' | 'fullness';

/** The steps of a policy change, from the question to the answer. */
export interface QueueDialog {
  readonly kind: 'pause' | 'resume' | 'change';
  readonly concertId: number;
  readonly isBusy: boolean;
  /** The service's reason for refusing. */
  readonly fault: string | null;
}

/** The whole state of the page. */
export interface OpsState {
  readonly language: Language;
  /** The admin token or an API key. Null: the page asks for it. */
  readonly token: string | null;
  /** Why the page asks for the token again. */
  readonly tokenFault: 'refused' | 'no-admin' | 'no-page' | null;
  readonly timeline: Timeline;
  readonly verdict: ActivityReport['verdict'] | null;
  /** When the last report came; epoch milliseconds of this machine. */
  readonly reportedAtMs: number | null;
  /** When reports began to fail; null while they come. */
  readonly silentSinceMs: number | null;
  readonly overview: Overview | null;
  readonly overviewAtMs: number | null;
  readonly isOverviewStale: boolean;
  readonly isResting: boolean;
  /** The span of the charts. */
  readonly minutes: number;
  /** The number of the sample under the pointer or the keyboard's cursor. */
  readonly cursor: number | null;
  /** Whether tables replace the charts and the occupancy drawing. */
  readonly areTablesShown: boolean;
  readonly isScheduleTableShown: boolean;
  readonly order: OccupancyOrder;
  /** The schedule whose figures the occupancy panel shows. */
  readonly chosenSchedule: number | null;
  readonly areAllQueuesShown: boolean;
  readonly dialog: QueueDialog | null;
  readonly console: ConsoleState;
}

export function firstState(language: Language, token: string | null, route: ConsoleRoute): OpsState {
  return {
    language,
    token,
    tokenFault: null,
    timeline: EMPTY_TIMELINE,
    verdict: null,
    reportedAtMs: null,
    silentSinceMs: null,
    overview: null,
    overviewAtMs: null,
    isOverviewStale: false,
    isResting: false,
    minutes: 5,
    cursor: null,
    areTablesShown: false,
    isScheduleTableShown: false,
    order: 'date',
    chosenSchedule: null,
    areAllQueuesShown: false,
    dialog: null,
    console: firstConsole(route),
  };
}
