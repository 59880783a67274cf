import type { PageEvent } from '../state/page-event.ts';
import type { PageState } from '../state/page-state.ts';
import { reduce } from '../state/reduce.ts';

export interface PageStore {
  readonly state: PageState;
  dispatch(event: PageEvent): void;
  /** Called after every event that changed something, with the state before it. */
  watch(run: (state: PageState, before: PageState) => void): void;
}

/** Holds the page's state. An event that a watcher dispatches is handled after the one that the watcher received. */
export function createPageStore(initial: PageState): PageStore {
  const watchers: ((state: PageState, before: PageState) => void)[] = [];
  const waiting: PageEvent[] = [];
  let state = initial;
  let isBusy = false;

  function dispatch(event: PageEvent): void {
    waiting.push(event);
    if (isBusy) return;
    isBusy = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const before = state;
        state = reduce(state, next);
        if (state !== before) for (const watcher of watchers) watcher(state, before);
      }
    } finally {
      isBusy = false;
    }
  }

  return {
    get state() {
      return state;
    },
    dispatch,
    watch(run) {
      watchers.push(run);
    },
  };
}
