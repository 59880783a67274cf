/** How long somebody in a line may be silent, and what a wait is estimated from. */
export interface PresenceSettings {
  /** Seconds of estimated wait per position, until a rate was measured. */
  readonly secondsPerPosition: number;
  /** WAITING without a sign of life for this long: EXPIRED. */
  readonly abandonMs: number;
  /** ACTIVE without any request for this long from admission: EXPIRED. */
  readonly noShowMs: number;
}
