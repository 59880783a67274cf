import type { LatencySummary } from '../../harness/latencies.ts';

/**
 * The work of the load process. Requests are built before the clock starts; each connection has at most one in
 * flight and takes the next of the common list when its answer has arrived (closed loop).
 */
export interface LoadPlan {
  readonly port: number;
  /** Where there are several servers: connections are opened to these in turns. */
  readonly ports?: readonly number[];
  readonly connections: number;
  /** The load ends after this long, or when a list that is used once is at its end. */
  readonly durationMs: number;
  /** Bearer tokens; each request carries a random one, unless its work has its own. */
  readonly tokens: readonly string[];
  readonly seed: number;
  /**
   * Whether the process looks for answers all the time instead of sleeping until one comes. Waking a sleeper is charged to the
   * server that sends, on a virtual machine dearly; over a network it never is.
   */
  readonly isPolling?: boolean;
  readonly work: LoadWork;
}

export type LoadWork =
  /** POST of `{scheduleId, seatNumber}`: every seat once, at random among `spread` schedules at a time. */
  | {
      readonly type: 'holds';
      readonly path: string;
      readonly scheduleIds: readonly number[];
      readonly seatCount: number;
      readonly spread: number;
      /** Begin again at the end of the list; for routes that hold nothing and for seats that are taken. */
      readonly repeat: boolean;
    }
  /** POST of one body by each of `count` tokens of a file, one a line, from number `first` on. */
  | {
      readonly type: 'posts';
      readonly path: string;
      readonly body: string;
      readonly tokensFile: string;
      readonly first: number;
      readonly count: number;
      readonly repeat: boolean;
    }
  /** GET of one path by each of the plan's tokens, in an order that is drawn once. */
  | { readonly type: 'polls'; readonly path: string; readonly repeat: boolean }
  /** GET of each path. */
  | { readonly type: 'reads'; readonly paths: readonly string[]; readonly repeat: boolean };

export interface LoadResult {
  /** From the first request to the last answer inside the time. */
  readonly elapsedMs: number;
  /** Answers inside the time, by status. */
  readonly answers: Readonly<Record<string, number>>;
  /** All answers, with those that arrived after the end of the time, by status. */
  readonly allAnswers: Readonly<Record<string, number>>;
  /** Answers of 400 and above, by their problem's code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Of 2xx answers inside the time. */
  readonly accepted: LatencySummary;
  /** Of the other answers inside the time. */
  readonly refused: LatencySummary;
  /** CPU of the load process itself from first request to last answer. */
  readonly cpuUs: number;
  /** The list was used up before the time was over. */
  readonly exhausted: boolean;
  /** Requests that got no answer: connection lost, or none within 5 s of the end. */
  readonly unanswered: number;
}
