/**
 * Requests that carry an idempotency key, at the node where they enter.
 *
 * Owns the keys in flight on this node. The record of answers belongs to the store, where it is written in the
 * transaction of its effect; keys in flight on other nodes belong to the schedule's owner and to the store.
 *
 * KEYS-1. A key is in flight from before its look-up until what was done under it is settled, so of two requests with one
 *     key at one moment only one is decided at a time.
 * KEYS-2. Only an answer that granted something is given to those who waited. A refusal leaves no trace: the next in line
 *     is decided itself.
 * KEYS-3. A wait has an end, and so has the line.
 * KEYS-4. A refusal is given only once the key was looked up again after the decision. A request that entered elsewhere under
 *     the same key may have been done in between, and may be what the refusal rests on: its seats, its money, its payment.
 *     Whatever a refusal rests on is committed, and the record with it, so that look-up finds it.
 */
import { hash } from 'node:crypto';
import { type Clock, pause } from '../runtime/clock.ts';
import type { Grant, GrantRecords, IdempotencyRecords, RecordedGrant } from '../domain/grant.ts';
import type { IdempotencyClaim } from '../domain/idempotency.ts';
import { type Granted, KEY_TAKEN, type Outcome, type Refused, type Replayed, refused } from './outcome.ts';

/** How long a duplicate waits for the first; the contract's number. */
const WAIT_LIMIT_MS = 2_000;
/** Duplicates in line for one key; more than any honest client sends, and each costs a timer. */
const WAITERS_LIMIT = 256;
/** A record that the owner speaks of is committed, so a look-up or two later it is found. */
const TAKEN_ATTEMPTS = 4;
const TAKEN_PAUSE_MS = 100;

export interface KeyedRuns<G> {
  /**
   * Decides by `perform`, or grants again what was granted under the claim's key before.
   * Without a claim it only performs, at once if `perform` does. Throws the faults of the look-up and of `perform`.
   */
  run(
    userId: string,
    claim: IdempotencyClaim | null,
    perform: Perform<G>,
  ): Outcome<G> | Promise<Outcome<G> | Replayed<G>>;
}

export interface Idempotency extends KeyedRuns<Grant> {
  /** For `perform`: records the grant of an earlier effect, which no statement of an effect records. */
  recordFound(userId: string, claim: IdempotencyClaim | null, found: Granted): Promise<Outcome>;
}

type Perform<G> = () => Outcome<G> | Promise<Outcome<G>>;

/** A key in flight. `settled` gives what was granted under it, or null. */
interface Slot<G> {
  readonly settled: Promise<RecordedGrant<G> | null>;
  readonly settle: (granted: RecordedGrant<G> | null) => void;
  waiters: number;
}

export function createIdempotency({ records, clock }: { records: IdempotencyRecords; clock: Clock }): Idempotency {
  return {
    ...createKeyedRuns({ records, clock }),
    async recordFound(userId, claim, found) {
      return claim === null || (await records.record(userId, claim, found.value)) ? found : KEY_TAKEN;
    },
  };
}

/** For effects that record their grants themselves. */
export function createKeyedRuns<G>(deps: { readonly records: GrantRecords<G>; readonly clock: Clock }): KeyedRuns<G> {
  const { records, clock } = deps;
  const slots = new Map<string, Slot<G>>();

  async function runUnderKey(
    userId: string,
    claim: IdempotencyClaim,
    perform: Perform<G>,
  ): Promise<Outcome<G> | Replayed<G>> {
    const slotKey = `${userId} ${claim.key}`;
    const deadlineMs = clock.monotonicMs() + WAIT_LIMIT_MS;
    for (let slot = slots.get(slotKey); slot !== undefined; slot = slots.get(slotKey)) {
      const granted = await waitFor(slot, deadlineMs);
      if (granted === 'too-long') return refused('IDEMPOTENCY_IN_PROGRESS');
      if (granted !== null) return replay(granted, claim);
    }
    const slot = openSlot<G>();
    slots.set(slotKey, slot);
    let granted: RecordedGrant<G> | null = null;
    try {
      const decided = await decide(userId, claim, perform);
      if (decided.outcome === 'granted' || decided.outcome === 'replayed') {
        granted = { fingerprint: claim.fingerprint, grant: decided.value };
      }
      return decided;
    } finally {
      slots.delete(slotKey);
      slot.settle(granted);
    }
  }

  async function decide(
    userId: string,
    claim: IdempotencyClaim,
    perform: Perform<G>,
  ): Promise<Outcome<G> | Replayed<G>> {
    for (let attempt = 1; attempt <= TAKEN_ATTEMPTS; attempt += 1) {
      const answer = await findAnswer(userId, claim);
      if (answer !== null) return answer;
      const decided = await perform();
      if (decided.outcome === 'refused') return (await findAnswer(userId, claim)) ?? decided;
      if (decided.outcome !== 'key-taken') return decided;
      await pause(clock, TAKEN_PAUSE_MS * (attempt - 1));
    }
    return refused('IDEMPOTENCY_IN_PROGRESS');
  }

  async function findAnswer(userId: string, claim: IdempotencyClaim): Promise<Refused | Replayed<G> | null> {
    const recorded = await records.find(userId, claim.key);
    return recorded === null ? null : replay(recorded, claim);
  }

  async function waitFor(slot: Slot<G>, deadlineMs: number): Promise<RecordedGrant<G> | null | 'too-long'> {
    const leftMs = deadlineMs - clock.monotonicMs();
    if (leftMs <= 0 || slot.waiters >= WAITERS_LIMIT) return 'too-long';
    slot.waiters += 1;
    let cancel = (): void => {};
    const tooLong = new Promise<'too-long'>((resolve) => {
      cancel = clock.after(leftMs, () => resolve('too-long'));
    });
    const granted = await Promise.race([slot.settled, tooLong]);
    cancel();
    slot.waiters -= 1;
    return granted;
  }

  return { run: (userId, claim, perform) => (claim === null ? perform() : runUnderKey(userId, claim, perform)) };
}

/** The fingerprint of a request: two that differ in route, path values or body never share one. */
export function fingerprintOf(route: string, params: unknown, body: unknown): string {
  return hash('sha256', `${route}\n${canonicalText(params)}\n${canonicalText(body)}`, 'hex');
}

/** JSON text in which the order of members is always the same. Bodies were validated, so their depth is small. */
function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalText(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function openSlot<G>(): Slot<G> {
  const { promise, resolve } = Promise.withResolvers<RecordedGrant<G> | null>();
  return { settled: promise, settle: resolve, waiters: 0 };
}

function replay<G>({ fingerprint, grant }: RecordedGrant<G>, claim: IdempotencyClaim): Refused | Replayed<G> {
  if (fingerprint !== claim.fingerprint) return refused('IDEMPOTENCY_KEY_REUSED');
  return { outcome: 'replayed', value: grant };
}
