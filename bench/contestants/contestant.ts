import type { ServerProcess } from '../../harness/service/server-process.ts';

/** Flushes since the server's start; `entries` are the changes in them. */
export interface FlushCount {
  readonly flushes: number;
  readonly entries: number;
  readonly durationMs: number;
}

/** One way of holding seats, in a database and a server process of its own. */
export interface Contestant {
  readonly name: string;
  /** More accepted holds a second than this contestant can reach here: so many seats are prepared. 0: it holds nothing. */
  readonly seatsPerSecond: number;
  /** Once, before the first round. */
  createDatabase(): Promise<void>;
  /** Fresh schedules with every seat free; ids in order. The server is not running. */
  addSchedules(count: number, seatCount: number): Promise<number[]>;
  start(): Promise<ServerProcess>;
  /** Reads that bring schedules into the state in which a running server has them; none where there is nothing to bring. */
  warmPaths(scheduleIds: readonly number[]): string[];
  /** What the server says about its group commits so far; null where every hold is a commit. */
  readFlushes(server: ServerProcess): Promise<FlushCount | null>;
  /** Live reservations of these schedules, by the database. */
  countHolds(scheduleIds: readonly number[]): Promise<number>;
  /** What the audit of the database finds wrong. Empty when all is well. */
  findFaults(): Promise<string[]>;
  close(): Promise<void>;
}
