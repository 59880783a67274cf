/**
 * Something that happened and that the fan should know. `problem` is what the service refused: its sentence is in `detail`, in
 * the page's language; what to do next is the page's to say, by `code`.
 */
export type Notice =
  | {
      readonly kind: 'problem';
      readonly code: string;
      readonly detail: string;
      readonly members: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'hold-expired'; readonly seatNumbers: readonly number[] }
  | { readonly kind: 'seats-lost'; readonly seatNumbers: readonly number[] }
  | { readonly kind: 'admitted' }
  | { readonly kind: 'released' }
  | { readonly kind: 'left' }
  | { readonly kind: 'charged'; readonly amount: number }
  | { readonly kind: 'refunded'; readonly amount: number };
