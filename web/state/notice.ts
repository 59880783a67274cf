import type { SeatPlace } from './placed-rows.ts';

/**
 * An event that the fan should know about. `problem` is a refusal of the service: `detail` has its sentence, in the page's
 * language; the page adds the next step, by `code`.
 */
export type Notice =
  | {
      readonly kind: 'problem';
      readonly code: string;
      readonly detail: string;
      readonly members: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'hold-expired'; readonly places: readonly SeatPlace[] }
  | { readonly kind: 'seats-lost'; readonly places: readonly SeatPlace[] }
  | { readonly kind: 'welcome'; readonly name: string }
  | { readonly kind: 'link-ended' }
  | { readonly kind: 'limit-reached'; readonly limit: number }
  | { readonly kind: 'admitted' }
  | { readonly kind: 'released' }
  | { readonly kind: 'extended'; readonly remainingMs: number }
  | { readonly kind: 'left' }
  | { readonly kind: 'charged'; readonly amount: number }
  | { readonly kind: 'refunded'; readonly amount: number };

const PASSING: readonly Notice['kind'][] = ['charged', 'refunded', 'released', 'extended', 'left'];

/** Whether a notice only confirms what the fan did, and may go by itself. */
export function isPassing({ kind }: Notice): boolean {
  return PASSING.includes(kind);
}
