import type { QueueHead, QueueTokenRow, QueueTokenStatus } from '../../domain/queue-token.ts';

export interface TokenRow {
  token_id: string;
  concert_id: number;
  user_id: string;
  no: number;
  status: QueueTokenStatus;
  issued_ms: number;
  activated_ms: number | null;
  until_ms: number | null;
  ended_ms: number | null;
}

export interface HeadRow {
  concert_id: number;
  generation: number;
}

export function tokenOf(row: TokenRow): QueueTokenRow {
  return {
    tokenId: row.token_id,
    concertId: row.concert_id,
    userId: row.user_id,
    no: row.no,
    status: row.status,
    issuedAtMs: row.issued_ms,
    activatedAtMs: row.activated_ms,
    activeUntilMs: row.until_ms,
    endedAtMs: row.ended_ms,
  };
}

export function headOf(row: HeadRow): QueueHead {
  return { concertId: row.concert_id, generation: row.generation };
}
