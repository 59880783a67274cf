import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;
const DEADLINE_MS = 5_000;

/**
 * Looks until `condition` returns something truthy, and returns that. Fails, saying `what` was awaited, when it has not
 * come true after `deadlineMs` of real time; an error that the condition throws is thrown at once.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { deadlineMs = DEADLINE_MS, what }: { deadlineMs?: number; what: string },
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (isTruthy(value)) return value;
    if (performance.now() >= deadline) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}

function isTruthy<T>(value: T): value is Exclude<T, false | null | undefined | 0 | ''> {
  return Boolean(value);
}
