/** How long holders of tokens may be silent. */
export interface Allowances {
  /** WAITING without a sign of life for this long: EXPIRED. */
  readonly abandonMs: number;
  /** ACTIVE without any request for this long from admission: EXPIRED. */
  readonly noShowMs: number;
  /** ACTIVE, without a hold and without a sign of life for this long: EXPIRED. */
  readonly idleMs: number;
}

/** How long somebody in a line may be silent, and what a wait is estimated from. */
export interface PresenceSettings extends Allowances {
  /** Seconds of estimated wait per position in a full house, at most, until a departure was seen. */
  readonly secondsPerPosition: number;
}
