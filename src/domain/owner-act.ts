import type { AdminAnswer, AdminStamp } from './admin.ts';
import type { IdempotencyClaim } from './idempotency.ts';

/*
 * Acts of organisers that the owner of a schedule carries out.
 *
 * How it works, from the request to the rows:
 * 1. The route authenticates the key, finds the concert, and calls `actAtOwner` (src/http/answers/owner-act.ts). That looks the
 *    idempotency key up, so a repeated request gets the recorded answer and reaches no owner. It makes an `OwnerAct`.
 * 2. The command carries the `OwnerAct` to the owner as plain data, between nodes too.
 * 3. The owner decides. For an append it calls `flush.record(...)` with an `ActToRecord`; for a payment or refund it gives the
 *    `ActToRecord` to `SettlementDesk.add`. That says what is logged, and which value is granted once it is numbered.
 * 4. The statement of the flush or settlement inserts the `admin_log` row and the `admin_answers` row together with the change
 *    itself. A statement has these steps only if one of its schedules has an act, so a plain hold does not pay for them.
 *
 * OWNER-ACT-1. The change, its entry in the log and its recorded answer are committed together or not at all.
 * OWNER-ACT-2. A key that another act has recorded meanwhile undoes the act; the reply is `key-taken`, and the route answers
 *     from the record.
 * OWNER-ACT-3. The recorded body is the granted value. The route names the seats in it, for the first answer and for a repeated
 *     request. A settlement's statement writes the numbers and the balance that it decided into the body.
 */
export interface OwnerAct extends AdminStamp {
  readonly claim: IdempotencyClaim | null;
  /** Of the recorded answer. The owner only keeps it. */
  readonly status: AdminAnswer['status'];
  readonly reason: string;
}

/** An entry of the organisers' log. */
export interface ActEntry {
  readonly action: string;
  /** Such as `schedule:7`. */
  readonly target: string;
  readonly before: object | null;
  readonly after: object | null;
}

export interface ActToRecord {
  readonly act: OwnerAct;
  /** Null: nothing had to be changed. */
  readonly entry: ActEntry | null;
  /** The granted value. It is asked for once the changes are numbered. */
  readonly value: () => object;
}

/** An act as a statement writes it. */
export interface ActRecord {
  readonly act: OwnerAct;
  readonly entry: ActEntry | null;
  readonly value: object;
}
