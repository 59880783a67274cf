import type { FanClient } from '../../src/client/fan-client.ts';
import type { FrontrowClient } from '../../src/client/frontrow-client.ts';
import type { ShopperClient } from '../../src/client/shopper-client.ts';
import type { Action } from '../state/page-state.ts';
import type { Route } from '../state/route.ts';
import { isPassing, isProblem, noticeOf } from './failure-notice.ts';
import type { KeptTokens } from './kept-tokens.ts';
import type { PageStore } from './page-store.ts';

/** The dependencies that all desks of the box office share. */
export interface Counter {
  readonly client: FrontrowClient;
  readonly kept: KeptTokens;
  readonly store: PageStore;
  /** The signed-in fan's client; null when no fan is signed in. */
  fan(): FanClient | null;
  /** A client with the queue token of a concert; null outside of its queue. */
  shopper(concertId: number): ShopperClient | null;
  /** Goes to another route of the page; `replace` replaces the present entry of the history. */
  go(route: Route, how?: 'replace'): void;
  /**
   * Runs a control's request: the control is busy meanwhile, a second press does nothing, and a failure is shown. Returns
   * whether it succeeded. `by` names the control where several begin the same action.
   */
  attempt(action: Action, run: () => Promise<void>, by?: string): Promise<boolean>;
  /** Runs a task without waiting: its failure is shown, a bug of the page is reported. */
  run(task: Promise<unknown>): void;
  /** For background requests that repeat soon: only a lasting failure is shown. */
  refresh(task: Promise<unknown>): void;
  /** Shows a failure, and drops tokens that the service no longer accepts. */
  tell(error: unknown): void;
}

export function createCounter({ client, kept, store, go }: Pick<Counter, 'client' | 'kept' | 'store' | 'go'>): Counter {
  function tell(error: unknown): void {
    if (isProblem(error, 'UNAUTHENTICATED')) {
      kept.keepAccessToken(null);
      store.dispatch({ type: 'signed-out' });
    }
    store.dispatch({ type: 'noticed', notice: noticeOf(error) });
  }

  function run(task: Promise<unknown>): void {
    task.catch((error: unknown) => {
      try {
        tell(error);
      } catch {
        reportError(error);
      }
    });
  }

  return {
    client,
    kept,
    store,
    go,
    tell,
    run,
    refresh: (task) =>
      run(
        task.catch((error: unknown) => {
          if (!isPassing(error)) throw error;
        }),
      ),
    fan() {
      const token = kept.accessToken();
      return token === null ? null : client.as(token);
    },
    shopper(concertId) {
      const token = kept.queueToken(concertId);
      return token === null ? null : client.inQueue(token);
    },
    async attempt(action, run, by = '') {
      if (store.state.busy.has(action)) return false;
      store.dispatch({ type: 'began', action, by });
      if (store.state.notice !== null) store.dispatch({ type: 'noticed', notice: null });
      try {
        await run();
        return true;
      } catch (error) {
        tell(error);
        return false;
      } finally {
        store.dispatch({ type: 'finished', action });
      }
    },
  };
}
