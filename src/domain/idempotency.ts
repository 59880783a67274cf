/** A caller's promise that requests under one key are one request. */
export interface IdempotencyClaim {
  readonly key: string;
  /** SHA-256 of route and parsed body, lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** A 2xx answer as it was recorded in the transaction of its effect. */
export interface RecordedAnswer {
  readonly fingerprint: string;
  readonly status: number;
  readonly body: unknown;
}

export interface IdempotencyRecords {
  /**
   * The answer recorded under a user's key in the last 24 hours, or null. Look-ups of one event-loop turn share a statement.
   * Throws a Fault `STORE_UNAVAILABLE` with effect `none`.
   */
  find(userId: string, key: string): Promise<RecordedAnswer | null>;

  /**
   * Records a 2xx answer that had no effect in whose transaction it could have been recorded. False when the key has an
   * answer already. Throws a Fault `STORE_UNAVAILABLE`, of effect `none`: the record is no more than the answer.
   */
  record(userId: string, claim: IdempotencyClaim, status: number, body: unknown): Promise<boolean>;
}
