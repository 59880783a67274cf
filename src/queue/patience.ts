import type { Clock } from '../runtime/clock.ts';

/** How long a caller waits for PostgreSQL before it is told that there is no answer: a 503 comes within 2 s. */
export const PATIENCE_MS = 1_500;

/** Settles as `promise` does, or throws what `late` returns once the patience is over. */
export function withPatience<T>(clock: Clock, promise: Promise<T>, late: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.after(PATIENCE_MS, () => reject(late()));
    const settle =
      <A>(how: (outcome: A) => void) =>
      (outcome: A): void => {
        cancel();
        how(outcome);
      };
    promise.then(settle(resolve), settle(reject));
  });
}
