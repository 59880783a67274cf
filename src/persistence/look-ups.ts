import { Fault } from '../errors.ts';

/**
 * Many look-ups by key, few statements.
 *
 * L1. A look-up is answered by a statement that was sent after it was asked: what arrives while statements are under way
 *     waits for the next one, so no answer predates its question.
 * L2. Statements in flight, keys per statement and look-ups waiting are bounded; what exceeds the last is refused with OVERLOADED.
 */
export interface LookUps<K, V> {
  /** Throws what `load` throws, or a Fault `OVERLOADED` with effect `none`. */
  get(key: K): Promise<V>;
}

export interface LookUpSettings<K, V> {
  /** Answers each of `keys`, in their order. */
  readonly load: (keys: readonly K[]) => Promise<readonly V[]>;
  readonly statementsInFlight: number;
  readonly keysPerStatement: number;
  readonly waiting: number;
}

interface LookUp<K, V> {
  readonly key: K;
  readonly resolve: (value: V) => void;
  readonly reject: (reason: unknown) => void;
}

/** Gathers the look-ups of one event-loop turn, and of the time in which every statement is busy, into one `load`. */
export function createLookUps<K, V>(settings: LookUpSettings<K, V>): LookUps<K, V> {
  const { load, statementsInFlight, keysPerStatement, waiting } = settings;
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
      for (const lookUp of batch) lookUp.reject(error);
    } finally {
      inFlight -= 1;
      pump();
    }
  }

  function pump(): void {
    while (gathered.length > 0 && inFlight < statementsInFlight) {
      const batch = gathered.slice(0, keysPerStatement);
      gathered = gathered.slice(keysPerStatement);
      inFlight += 1;
      void answer(batch);
    }
  }

  return {
    get(key) {
      if (gathered.length >= waiting) return Promise.reject(new Fault('OVERLOADED', 'none'));
      return new Promise<V>((resolve, reject) => {
        gathered.push({ key, resolve, reject });
        if (scheduled || inFlight >= statementsInFlight) return;
        scheduled = true;
        setImmediate(() => {
          scheduled = false;
          pump();
        });
      });
    },
  };
}
