import type { ServerProcess } from '../../harness/service/server-process.ts';

/** One way of holding seats, in a database and a server process of its own. */
export interface Contestant {
  readonly name: string;
  /** More accepted holds a second than this contestant can reach here: so many seats are prepared. 0: it holds nothing. */
  readonly seatsPerSecond: number;
  /** Null when it needs no database. */
  readonly databaseUrl: string | null;
  /** Prepares the database, once, before the first round. */
  createDatabase(): Promise<void>;
  /** Adds schedules whose seats are all free; ids in order. The server is not running. */
  addSchedules(count: number, seatCount: number): Promise<number[]>;
  start(): Promise<ServerProcess>;
  /** Reads that bring schedules into the state in which a running server has them; empty when there is no such state. */
  warmPaths(scheduleIds: readonly number[]): string[];
  /** The server's own counters of group commits; empty when every hold is a commit of its own. */
  readCounters(server: ServerProcess): Promise<Readonly<Record<string, number>>>;
  /** Live reservations of these schedules in the database. */
  countHolds(scheduleIds: readonly number[]): Promise<number>;
  /** Audits the database: a sentence for each fault. */
  findFaults(): Promise<readonly string[]>;
  close(): Promise<void>;
}
