import type { QueryResultRow } from 'pg';
import type { AdmittedToken, QueueHead, QueueRecords, QueueTokenRow } from '../../domain/queue-token.ts';
import { createLookUps } from '../../runtime/look-ups.ts';
import { type Connections, runStatement } from '../journal/statement.ts';
import { type HeadRow, headOf, type TokenRow, tokenOf } from './queue-rows.ts';
import * as statements from './queue-statements.ts';

/** A restart opens thousands of lines. Each kind takes two of the pool's connections at most. */
const OPENINGS = { callsInFlight: 2, keysPerCall: 64, waiting: 5_000 };
/** Most lines are shorter. For 64 lines of this length the rows keep the event loop busy for some 20 ms. */
const FIRST_LIVE = 64;

interface TakenRow extends HeadRow {
  next_no: number;
}

/** The records with which lines are opened. Lines that are opened at the same time share statements. */
export function createLineOpenings(
  pool: Connections,
): Pick<QueueRecords, 'takeOver' | 'listFirstLive' | 'listAdmissions'> {
  function read<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return runStatement(pool, { text, values }, 'none');
  }

  function write<R extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return runStatement(pool, { text, values }, 'unknown');
  }

  const takeOvers = createLookUps<{ concertId: number; below: number | null }, (QueueHead & { nextNo: number }) | null>(
    {
      ...OPENINGS,
      load: async (asked) => {
        const values = [asked.map(({ concertId }) => concertId), asked.map(({ below }) => below)];
        const rows = await write<TakenRow>(statements.TAKE_OVER_FREE, values);
        const taken = new Map(rows.map((row) => [row.concert_id, { ...headOf(row), nextNo: row.next_no }]));
        return asked.map(({ concertId }) => taken.get(concertId) ?? null);
      },
    },
  );

  const firstLive = createLookUps<number, { rows: readonly QueueTokenRow[]; isAll: boolean }>({
    ...OPENINGS,
    load: async (concertIds) => {
      const found = await read<TokenRow>(statements.LIST_FIRST_LIVE, [[...new Set(concertIds)], FIRST_LIVE]);
      const lines = Map.groupBy(found.map(tokenOf), (row) => row.concertId);
      return concertIds.map((concertId) => {
        const rows = lines.get(concertId) ?? [];
        return { rows, isAll: rows.length < FIRST_LIVE };
      });
    },
  });

  const admissions = createLookUps<{ concertId: number; afterMs: number; limit: number }, readonly AdmittedToken[]>({
    ...OPENINGS,
    load: async (asked) => {
      const rows = await read<{ asked: number; token_id: string; activated_ms: number }>(statements.LIST_ADMISSIONS, [
        asked.map(({ concertId }) => concertId),
        asked.map(({ afterMs }) => afterMs),
        asked.map(({ limit }) => limit),
      ]);
      const found = Map.groupBy(rows, (row) => row.asked);
      return asked.map((_, nth) =>
        (found.get(nth + 1) ?? []).map((row) => ({ tokenId: row.token_id, activatedAtMs: row.activated_ms })),
      );
    },
  });

  return {
    async takeOver(concertId, below) {
      const taken = await takeOvers.get({ concertId, below });
      if (taken !== null) return taken;
      // It may only be locked, by an entry of its former holder for instance.
      const [row] = await write<TakenRow>(statements.TAKE_OVER, [concertId, below]);
      return row === undefined ? null : { ...headOf(row), nextNo: row.next_no };
    },

    listFirstLive: (concertId) => firstLive.get(concertId),
    listAdmissions: (concertId, afterMs, limit) => admissions.get({ concertId, afterMs, limit }),
  };
}
