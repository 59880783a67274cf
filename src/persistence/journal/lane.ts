import pg from 'pg';
import { type Clock, pause } from '../../runtime/clock.ts';
import type { ObservedDatabaseClock } from '../../runtime/database-clock.ts';
import type { Log } from '../../runtime/log.ts';
import { isInDoubt } from '../database-errors.ts';
import { type Backend, BACKEND_COLUMNS, readBackend } from './backend.ts';
import { createConnectPatience } from '../connect-patience.ts';
import { connectionSettings } from '../pool.ts';
import { ANSWER_LIMIT_MS, type Statement } from './statement.ts';

/**
 * One connection for statements that must run one at a time. It connects, reconnects and classifies missing answers. It contains
 * no SQL of the journal.
 *
 * LANE-1. One statement at a time. A connection whose answer is missing carries no other statement.
 * LANE-2. Only ReadyForQuery counts as an answer, because rows and even CommandComplete arrive before the commit. A statement that
 *     was sent and not answered is in doubt.
 */

const RECONNECT_FIRST_MS = 50;
const RECONNECT_LAST_MS = 500;

/**
 * - Generic plans: planning each statement again costs more than running it.
 * - No sequential scans: a generic plan over unnested arrays would use them on young tables.
 * - No merge joins: they would walk all heads for a few. Hash joins stay: without them 2 000 rows take 20 times as long.
 * - No JIT: compiling takes longer than the statement.
 */
const PLANNER_SETTINGS = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

/** A statement that the server keeps prepared under its name. */
export type LaneStatement = Required<Statement>;

export type LaneResult =
  | {
      readonly type: 'done';
      readonly rows: readonly pg.QueryResultRow[];
      readonly sentAt: number;
      readonly receivedAt: number;
    }
  /** An error response: the statement had no effect. */
  | { readonly type: 'error'; readonly error: Error }
  /** No answer: the statement may have had an effect, and `backend` may still run it. */
  | { readonly type: 'doubt'; readonly error: Error; readonly backend: Backend | null };

export interface Lane {
  /** Whether a statement can be run now. */
  readonly isFree: boolean;
  readonly isConnected: boolean;
  /** When the statement in flight was sent, in monotonic milliseconds; null without one. */
  readonly runningSinceMs: number | null;
  run(statement: LaneStatement): Promise<LaneResult>;
  start(): Promise<void>;
  close(): Promise<void>;
}

interface LaneDependencies {
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly databaseClock: ObservedDatabaseClock;
  readonly log: Log;
  /** Called when the lane is free again. */
  readonly onFree: () => void;
  /** From 0 to 1; spreads the pauses between attempts to connect. */
  readonly random?: () => number;
}

/** A lane that reconnects with growing pauses until it is closed. */
export function createLane({
  databaseUrl,
  clock,
  databaseClock,
  log,
  onFree,
  random = Math.random,
}: LaneDependencies): Lane {
  let client: pg.Client | null = null;
  /** Of `client`. */
  let backend: Backend | null = null;
  let runningSinceMs: number | null = null;
  let isClosed = false;
  let connecting: Promise<void> | null = null;
  const patience = createConnectPatience();

  async function connectOnce(): Promise<void> {
    const limitMs = patience.limitMs();
    const begunMs = clock.monotonicMs();
    let found: Backend | null = null;
    const next = new pg.Client({
      ...connectionSettings(databaseUrl, PLANNER_SETTINGS),
      connectionTimeoutMillis: limitMs,
    });
    next.on('error', (error) => abandon(next, error));
    next.on('end', () => abandon(next, null));
    try {
      await next.connect();
      const sentAt = clock.monotonicMs();
      const question = { text: CLOCK, query_timeout: limitMs };
      const { rows } = await next.query<pg.QueryResultRow>(question);
      observe(rows, sentAt, clock.monotonicMs());
      found = readBackend(rows[0]);
    } catch (error) {
      destroy(next);
      if (clock.monotonicMs() - begunMs >= limitMs) patience.gaveUp(limitMs);
      throw error;
    }
    patience.succeeded();
    if (isClosed) {
      destroy(next);
      return;
    }
    client = next;
    backend = found;
  }

  function observe(rows: readonly pg.QueryResultRow[], sentAt: number, receivedAt: number): void {
    const now: unknown = rows[0]?.['now'];
    if (typeof now === 'number') databaseClock.observe({ sentAt, receivedAt, databaseMs: now });
  }

  function abandon(lost: pg.Client, error: Error | null): void {
    if (client !== lost) return;
    client = null;
    if (isClosed) return;
    log.warn({ err: error }, 'a lane lost its connection');
    void reconnect();
  }

  async function reconnect(): Promise<void> {
    connecting ??= keepConnecting().finally(() => {
      connecting = null;
    });
    await connecting;
    if (client !== null && runningSinceMs === null) onFree();
  }

  async function keepConnecting(): Promise<void> {
    for (
      let pauseMs = RECONNECT_FIRST_MS;
      !isClosed && client === null;
      pauseMs = Math.min(pauseMs * 2, RECONNECT_LAST_MS)
    ) {
      try {
        await connectOnce();
      } catch (error) {
        log.debug({ err: error }, 'a lane could not connect');
        // Nodes that lost the database together reconnect apart.
        await pause(clock, pauseMs * (0.5 + random()));
      }
    }
  }

  async function run(statement: LaneStatement): Promise<LaneResult> {
    const used = client;
    const usedBackend = backend;
    if (used === null || runningSinceMs !== null) return { type: 'error', error: new Error('the lane is not free') };
    const sentAt = clock.monotonicMs();
    runningSinceMs = sentAt;
    let giveUp: ((error: Error) => void) | null = null;
    const silence = new Promise<never>((_resolve, reject) => {
      giveUp = reject;
    });
    const cancel = clock.after(ANSWER_LIMIT_MS, () => giveUp?.(new Error(`no answer within ${ANSWER_LIMIT_MS} ms`)));
    try {
      const answer = used.query({ name: statement.name, text: statement.text, values: statement.values.slice() });
      const { rows } = await Promise.race([answer, silence]);
      const receivedAt = clock.monotonicMs();
      observe(rows, sentAt, receivedAt);
      return { type: 'done', rows, sentAt, receivedAt };
    } catch (thrown) {
      const error =
        thrown instanceof Error ? thrown : new Error('the driver threw something that is no Error', { cause: thrown });
      if (error instanceof pg.DatabaseError && !isInDoubt(error)) return { type: 'error', error };
      if (client === used) {
        client = null;
        void reconnect();
      }
      destroy(used);
      return { type: 'doubt', error, backend: usedBackend };
    } finally {
      cancel();
      runningSinceMs = null;
      if (client !== null) onFree();
    }
  }

  return {
    get isFree() {
      return client !== null && runningSinceMs === null;
    },
    get isConnected() {
      return client !== null;
    },
    get runningSinceMs() {
      return runningSinceMs;
    },
    run,
    async start() {
      if (client === null) await connectOnce();
    },
    async close() {
      isClosed = true;
      const last = client;
      client = null;
      await last?.end();
    },
  };
}

const CLOCK = `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now, ${BACKEND_COLUMNS}`;

/** Breaks the connection at once: a half-dead one would never answer a goodbye. */
function destroy(client: pg.Client): void {
  client.connection.stream.destroy();
}
