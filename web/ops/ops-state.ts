import type { ActivityReport, Overview } from '../../src/client/answers.ts';
import type { Language } from '../language/language.ts';
import { EMPTY_TIMELINE, type Timeline } from './timeline.ts';

export type OccupancyOrder = 'date' | 'fullness';

/** Steps of a policy change, from the question to the answer. */
export interface QueueDialog {
  readonly kind: 'pause' | 'resume' | 'change';
  readonly concertId: number;
  readonly isBusy: boolean;
  /** What the service said no with. */
  readonly fault: string | null;
  /** Admissions per interval before this page paused the queue. */
  readonly formerBatch: number | null;
}

/** All that the page shows. */
export interface OpsState {
  readonly language: Language;
  /** Null: the page asks for the token. */
  readonly token: string | null;
  /** Why a token is asked for again. */
  readonly tokenFault: 'refused' | 'no-admin' | null;
  readonly timeline: Timeline;
  readonly verdict: ActivityReport['verdict'] | null;
  /** When the last report came; epoch milliseconds of this machine. */
  readonly reportedAtMs: number | null;
  /** Since when reports fail; null while they come. */
  readonly silentSinceMs: number | null;
  readonly overview: Overview | null;
  readonly overviewAtMs: number | null;
  readonly isOverviewStale: boolean;
  readonly isResting: boolean;
  /** What the charts show. */
  readonly minutes: number;
  /** The number of the sample under the pointer or the keyboard's cursor. */
  readonly cursor: number | null;
  /** Figures in place of the charts, and of the occupancy. */
  readonly areTablesShown: boolean;
  readonly isScheduleTableShown: boolean;
  readonly order: OccupancyOrder;
  /** The schedule that the occupancy panel reads out. */
  readonly chosenSchedule: number | null;
  readonly areAllQueuesShown: boolean;
  readonly dialog: QueueDialog | null;
  /** By concert: what a pause of this page has replaced by 0. */
  readonly formerBatches: ReadonlyMap<number, number>;
}

export function firstState(language: Language, token: string | null): OpsState {
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
    formerBatches: new Map(),
  };
}
