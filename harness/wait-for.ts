import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;
const DEADLINE_MS = 5_000;

/**
 * Calls `condition` until it returns a truthy value, and returns that. After `deadlineMs` of real time it fails and names
 * `what` it waited for; an error of the condition is thrown at once.
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
