import type { ConcertQueue } from '../../../src/client/answers.ts';
import type { ConsoleTexts } from '../language/console-korean.ts';
import type { Desks } from '../desks/desks.ts';
import type { OpsFormat } from '../ops-format.ts';
import type { OccupancyOrder, OpsState, QueueDialog } from '../ops-state.ts';
import type { Words } from '../words.ts';

/** The operator's actions on the page. */
export interface OpsActions {
  open(token: string): void;
  signOut(): void;
  switchLanguage(): void;
  switchTheme(): void;
  showMinutes(minutes: number): void;
  pointAt(sample: number | null): void;
  toggleTables(): void;
  toggleScheduleTable(): void;
  orderBy(order: OccupancyOrder): void;
  choose(scheduleId: number | null): void;
  showAllQueues(): void;
  ask(kind: QueueDialog['kind'], concertId: number): void;
  dismiss(): void;
  changeQueue(concertId: number, change: Partial<ConcertQueue>): void;
}

/** The input of every view. */
export interface OpsContext {
  readonly state: OpsState;
  readonly words: Words;
  readonly format: OpsFormat;
  readonly actions: OpsActions;
  /** The texts and the actions of the sections beside the monitor. */
  readonly t: ConsoleTexts;
  readonly desks: Desks;
  /** The service's time, in epoch milliseconds. */
  nowMs(): number;
}
