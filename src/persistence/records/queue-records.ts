import type { QueryResultRow } from 'pg';
import { Fault } from '../../domain/errors.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import type {
  QueueChangeOutcome,
  QueueEnd,
  QueueEntry,
  QueueEntryOutcome,
  QueueRecords,
  QueueReview,
  QueueTokenRow,
} from '../../domain/queue-token.ts';
import { createLineOpenings } from './line-openings.ts';
import { passLockedHeads } from './locked-heads.ts';
import { type HeadRow, headOf, type TokenRow, tokenOf } from './queue-rows.ts';
import * as statements from './queue-statements.ts';
import { type Connections, readRows, runStatement, writeRows, plainArray } from '../journal/statement.ts';

/** Each attempt after the first follows a token of the same user that was entered and ended elsewhere in between. */
const ENTRY_ATTEMPTS = 3;

const LOOK_UPS = { callsInFlight: 2, keysPerCall: 500, waiting: 5_000 };
/** Reviews of so many tokens share statements: a node may have thousands of lines with a few shoppers in each. */
const FEW_TOKENS = 100;
const REVIEWS = { callsInFlight: 2, keysPerCall: 64, waiting: 5_000 };

/** Nothing of the live token's columns is there when the user had none. */
type EntryRow = {
  is_held: boolean;
  entered_no: number | null;
  first_no: number | null;
  last_no: number | null;
} & (TokenRow | { token_id: null });

interface ChangeRow {
  token_id: string;
  concert_id: number;
  is_held: boolean;
  is_changed: boolean;
  is_kept: boolean;
  is_locked: boolean;
}

/** What the statement says of one entry; null when it must be sent again. */
function outcomeOf(entry: QueueEntry, row: EntryRow): QueueEntryOutcome | null {
  if (!row.is_held) return { type: 'fenced' };
  if (row.token_id !== null) return { type: 'live', row: tokenOf(row) };
  if (row.entered_no === null) return null;
  const { entered_no: no } = row;
  const { tokenId, concertId, userId, issuedAtMs } = entry;
  const nothingYet = { activatedAtMs: null, activeUntilMs: null, endedAtMs: null };
  return {
    type: 'entered',
    row: { tokenId, concertId, userId, no, status: 'WAITING', issuedAtMs, ...nothingYet },
    numbers: { first: row.first_no ?? no, last: row.last_no ?? no },
  };
}

/** The waiting room's durable record in PostgreSQL. */
export function createQueueRecords({
  pool,
  log,
  clock = systemClock,
}: {
  pool: Connections;
  log: Log;
  clock?: Clock;
}): QueueRecords {
  function read<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return runStatement(pool, { text, values }, 'none');
  }

  function write<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return runStatement(pool, { text, values }, 'unknown');
  }

  function changeOf(rows: readonly ChangeRow[]): QueueChangeOutcome {
    return {
      changed: new Set(rows.filter((row) => row.is_changed).map((row) => row.token_id)),
      locked: new Set(rows.filter((row) => row.is_locked).map((row) => row.token_id)),
      kept: new Set(rows.filter((row) => row.is_kept).map((row) => row.token_id)),
      fenced: new Set(rows.filter((row) => !row.is_held).map((row) => row.concert_id)),
    };
  }

  async function find(tokenIds: readonly string[]): Promise<readonly QueueTokenRow[]> {
    return (await read<TokenRow>(statements.FIND, [tokenIds])).map(tokenOf);
  }

  async function enterOnce(entries: readonly QueueEntry[]): Promise<readonly (QueueEntryOutcome | null)[]> {
    const values = [
      plainArray(entries.map((entry) => entry.tokenId)),
      plainArray(entries.map((entry) => entry.concertId)),
      plainArray(entries.map((entry) => entry.generation)),
      plainArray(entries.map((entry) => entry.userId)),
      plainArray(entries.map((entry) => entry.issuedAtMs)),
    ];
    const rows = await writeRows<EntryRow>(pool, { text: statements.ENTER, values });
    return entries.map((entry, position) => {
      const row = rows[position];
      if (row === undefined) throw new Error(`${entries.length} entries were sent, ${rows.length} answered`);
      return outcomeOf(entry, row);
    });
  }

  const lookUps = createLookUps<string, QueueTokenRow | null>({
    ...LOOK_UPS,
    load: async (tokenIds) => {
      const rows = await readRows<TokenRow>(pool, { text: statements.FIND, values: [tokenIds] });
      const found = new Map(rows.map((row) => [row.token_id, tokenOf(row)]));
      return tokenIds.map((tokenId) => found.get(tokenId) ?? null);
    },
  });

  const openings = createLineOpenings(pool);

  async function reviewAll(tokenIds: readonly string[]): Promise<QueueReview> {
    type Row = { took_ms: number } & ((TokenRow & { is_paid_up: boolean }) | { token_id: null });
    const rows = await read<Row>(statements.REVIEW, [tokenIds]);
    const found = rows.filter((row) => row.token_id !== null);
    return {
      ended: found.filter((row) => !row.is_paid_up).map(tokenOf),
      paidUp: found.filter((row) => row.is_paid_up).map((row) => row.token_id),
      tookMs: Math.max(...rows.map((row) => row.took_ms)),
    };
  }

  const reviews = createLookUps<readonly string[], QueueReview>({
    ...REVIEWS,
    load: async (lists) => {
      const { ended, paidUp, tookMs } = await reviewAll(lists.flat());
      return lists.map((list) => ({
        ended: ended.filter(({ tokenId }) => list.includes(tokenId)),
        paidUp: paidUp.filter((tokenId) => list.includes(tokenId)),
        tookMs: tookMs / lists.length,
      }));
    },
  });

  async function end(text: string, ends: readonly QueueEnd[]): Promise<QueueChangeOutcome> {
    const values = [
      ends.map(({ tokenId }) => tokenId),
      ends.map(({ concertId }) => concertId),
      ends.map(({ generation }) => generation),
      ends.map(({ status }) => status),
      ends.map(({ endedAtMs }) => endedAtMs),
      ends.map(({ unlessHolding }) => unlessHolding ?? false),
    ];
    // A caller that leaves a line waits for it.
    return changeOf(await writeRows<ChangeRow>(pool, { text, values }));
  }

  const records: QueueRecords = {
    ...openings,

    async takeOverAll() {
      const rows = await write<HeadRow & { is_taken: boolean }>(statements.TAKE_OVER_ALL, []);
      return rows.map((row) => ({ ...headOf(row), isTaken: row.is_taken }));
    },

    async raise(heads) {
      const concertIds = heads.map((head) => head.concertId);
      const generations = heads.map((head) => head.generation);
      const rows = await write<HeadRow & { raised: number | null }>(statements.RAISE, [concertIds, generations]);
      return {
        raised: rows.flatMap(({ concert_id: concertId, raised }) =>
          raised === null ? [] : [{ concertId, generation: raised }],
        ),
        locked: rows.filter(({ raised }) => raised === null).map(headOf),
      };
    },

    async listLive(concertId, afterUserId, limit) {
      return (await read<TokenRow>(statements.LIST_LIVE, [concertId, afterUserId, limit])).map(tokenOf);
    },

    async listNumbered(concertId, { first, last }) {
      return (await read<TokenRow>(statements.LIST_NUMBERED, [concertId, first, last])).map(tokenOf);
    },

    async findHead(concertId) {
      const [head] = await read<HeadRow>(statements.FIND_HEAD, [concertId]);
      return head === undefined ? null : headOf(head);
    },

    async listConcertsWithLiveTokens() {
      const rows = await read<{ concert_id: number }>(statements.CONCERTS_WITH_LIVE_TOKENS, []);
      return rows.map((row) => row.concert_id);
    },

    async enter(entries) {
      const outcomes: (QueueEntryOutcome | null)[] = entries.map(() => null);
      for (let attempt = 1; attempt <= ENTRY_ATTEMPTS; attempt += 1) {
        const open = outcomes.flatMap((outcome, position) => (outcome === null ? [position] : []));
        try {
          const answers = await enterOnce(open.flatMap((position) => entries[position] ?? []));
          open.forEach((position, nth) => (outcomes[position] = answers[nth] ?? null));
        } catch (error) {
          if (attempt === 1) throw error;
          // Of this attempt nothing may have been done, of the earlier ones something was.
          throw new Fault('STORE_UNAVAILABLE', 'unknown', { cause: error });
        }
        if (!outcomes.includes(null)) break;
        log.debug({ attempt }, 'users entered elsewhere at the same time');
      }
      return outcomes.map((outcome) => {
        if (outcome === null) throw new Fault('OVERLOADED', 'unknown');
        return outcome;
      });
    },

    async admit(admissions) {
      const values = [
        admissions.map((admission) => admission.tokenId),
        admissions.map((admission) => admission.concertId),
        admissions.map((admission) => admission.generation),
        admissions.map((admission) => admission.activatedAtMs),
        admissions.map((admission) => admission.activeUntilMs),
      ];
      return changeOf(await write<ChangeRow>(statements.ADMIT, values));
    },

    end: (ends) => end(statements.END, ends),

    find,
    findOne: (tokenId) => lookUps.get(tokenId),

    review: (tokenIds) => (tokenIds.length > FEW_TOKENS ? reviewAll(tokenIds) : reviews.get(tokenIds)),
  };
  const endUnheld = (ends: readonly QueueEnd[]) => end(statements.END_UNHELD, ends);
  return passLockedHeads(records, { pool, clock, log, endUnheld });
}
