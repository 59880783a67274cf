/** A caller's promise that all requests with this key are the same request. */
export interface IdempotencyClaim {
  readonly key: string;
  /** SHA-256 of route and parsed body, lower-case hexadecimal. */
  readonly fingerprint: string;
}
