/** A caller's promise that all requests with this key are the same request. */
export interface IdempotencyClaim {
  readonly key: string;
  /** SHA-256 of route and parsed body, lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** A 2xx answer, recorded in the transaction of its effect. */
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
   * Records the 2xx answer of a request that had no transaction to record it in. False when the key has an answer already.
   * Throws a Fault `STORE_UNAVAILABLE` with effect `none`: only the record is missing.
   */
  record(userId: string, claim: IdempotencyClaim, status: number, body: unknown): Promise<boolean>;
}
