import { Fault } from '../domain/errors.ts';

/**
 * Batches many look-ups by key into few calls of a store.
 *
 * LOOKUP-1. A look-up is answered by a call that was sent after it arrived: a look-up that arrives while calls are in
 *     flight waits for the next one, so no answer predates its question.
 * LOOKUP-2. Calls in flight, keys per call and waiting look-ups are bounded; look-ups beyond the last bound are rejected
 *     with OVERLOADED.
 * LOOKUP-3. When a call fails with a Fault, all queued look-ups fail with it: they would otherwise wait for one failing
 *     call after the other while the store is silent.
 */
export interface LookUps<K, V> {
  /** Throws what `load` throws, or a Fault `OVERLOADED` with effect `none`. */
  get(key: K): Promise<V>;
}

export interface LookUpSettings<K, V> {
  /** Answers each of `keys`, in their order. */
  readonly load: (keys: readonly K[]) => Promise<readonly V[]>;
  readonly callsInFlight: number;
  readonly keysPerCall: number;
  readonly waiting: number;
}

interface LookUp<K, V> {
  readonly key: K;
  readonly resolve: (value: V) => void;
  readonly reject: (reason: unknown) => void;
}

/** Gathers the look-ups of one event-loop turn, and those that arrive while every call is in flight, into one `load`. */
export function createLookUps<K, V>(settings: LookUpSettings<K, V>): LookUps<K, V> {
  const { load, callsInFlight, keysPerCall, waiting } = settings;
  let gathered: LookUp<K, V>[] = [];
  let inFlight = 0;
  let scheduled = false;

  async function answer(batch: readonly LookUp<K, V>[]): Promise<void> {
    try {
      const values = await load(batch.map((lookUp) => lookUp.key));
      if (values.length !== batch.length)
        throw new Error(`${batch.length} keys were looked up, ${values.length} answered`);
      values.forEach((value, position) => batch[position]?.resolve(value));
    } catch (error) {
      const behind = error instanceof Fault ? gathered.splice(0) : [];
      for (const lookUp of [...batch, ...behind]) lookUp.reject(error);
    } finally {
      inFlight -= 1;
      pump();
    }
  }

  function pump(): void {
    while (gathered.length > 0 && inFlight < callsInFlight) {
      const batch = gathered.slice(0, keysPerCall);
      gathered = gathered.slice(keysPerCall);
      inFlight += 1;
      void answer(batch);
    }
  }

  return {
    get(key) {
      if (gathered.length >= waiting) return Promise.reject(new Fault('OVERLOADED', 'none'));
      return new Promise<V>((resolve, reject) => {
        gathered.push({ key, resolve, reject });
        if (scheduled || inFlight >= callsInFlight) return;
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          pump();
        });
      });
    },
  };
}
