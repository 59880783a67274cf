import { Fault } from '../domain/errors.ts';

/** So many lines are opened side by side. They share statements, so that one that a request asks for soon has its turn. */
export const LINES_AT_A_TIME = 128;

/** Loads each concert's line once, however many ask for it meanwhile. */
export interface Opening<T> {
  /** The line, loaded if it was not; null when there is no such concert. Throws Faults with effect `none`. */
  open(concertId: number): Promise<T | null>;
  underWay(concertId: number): Promise<T | null> | undefined;
}

export function createOpening<T>({
  known,
  load,
}: {
  /** The line if it is open. */
  known: (concertId: number) => T | undefined;
  load: (concertId: number) => Promise<T | null>;
}): Opening<T> {
  const loading = new Map<number, Promise<T | null>>();

  /** A fault while opening did nothing for the caller, whatever became of the statement. */
  async function loadOrFault(concertId: number): Promise<T | null> {
    try {
      return await load(concertId);
    } catch (error) {
      throw error instanceof Fault && error.effect === 'unknown'
        ? new Fault(error.code, 'none', { cause: error })
        : error;
    } finally {
      loading.delete(concertId);
    }
  }

  return {
    open(concertId) {
      const line = known(concertId);
      if (line !== undefined) return Promise.resolve(line);
      const underWay = loading.get(concertId) ?? loadOrFault(concertId);
      loading.set(concertId, underWay);
      return underWay;
    },
    underWay: (concertId) => loading.get(concertId),
  };
}
