import type { Test } from 'tap';
import { testAdmission } from './conformance-admission.ts';
import { testEnds } from './conformance-ends.ts';
import { testEntry } from './conformance-entry.ts';
import { testLook } from './conformance-look.ts';
import { testRestart } from './conformance-restart.ts';
import type { RoomFactory } from './room-harness.ts';

/** What every adapter of the waiting room must do, on a real PostgreSQL and a clock of the tests. */
export function testConformance(t: Test, factory: RoomFactory): void {
  t.test('entering and asking', (t) => testEntry(t, factory));
  t.test('admission', (t) => testAdmission(t, factory));
  t.test('the end of a token', (t) => testEnds(t, factory));
  t.test('a look at the line', (t) => testLook(t, factory));
  t.test('what outlives the process', (t) => testRestart(t, factory));
}
