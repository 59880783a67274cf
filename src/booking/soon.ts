/**
 * Goes on with a value that may still have to be awaited: at once where it is there, so that what is known in the process
 * costs no turn of the queue.
 */
export function soon<T, R>(value: T | Promise<T>, proceed: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(proceed) : proceed(value);
}
