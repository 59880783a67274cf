export const SINGLE_SEATS = ['ALLOW', 'AVOID', 'FORBID'] as const;

/**
 * What becomes of a single free seat between two taken ones. AVOID: the service leaves one only where every choice would.
 * FORBID: it also refuses users who would leave one. ALLOW: singles count for nothing more than other seats.
 */
export type SingleSeats = (typeof SINGLE_SEATS)[number];

/** Which seats of a date may be held, as its organiser decides. */
export interface SeatRules {
  readonly singleSeats: SingleSeats;
  /** Until then accessible seats and those beside them are kept for those who declare the need. Null: they are not kept. */
  readonly accessibleReleaseAtMs: number | null;
}

export const DEFAULT_SEAT_RULES: SeatRules = { singleSeats: 'AVOID', accessibleReleaseAtMs: null };

/** Whether accessible seats are kept at `nowMs`. */
export function areAccessibleKept({ accessibleReleaseAtMs }: SeatRules, nowMs: number): boolean {
  return accessibleReleaseAtMs !== null && nowMs < accessibleReleaseAtMs;
}
