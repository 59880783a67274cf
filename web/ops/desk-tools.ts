import type { AdminClient } from '../../src/client/admin-client.ts';
import type { FrontrowClient } from '../../src/client/frontrow-client.ts';
import { ApiProblem } from '../../src/client/failures.ts';
import type { ConsoleFault, ConsoleState, Question, Say } from './console-state.ts';

/** What the desks of the sections share. */
export interface DeskTools {
  readonly state: ConsoleState;
  readonly client: FrontrowClient;
  change(changes: Partial<ConsoleState>): void;
  /**
   * Does a task unless the same one is in flight. A fault becomes part of the state. Returns whether the task has succeeded; its
   * result is dropped when the organiser has signed out meanwhile.
   */
  run(task: string, work: (admin: AdminClient) => Promise<void>): Promise<boolean>;
  /** As `run`, for reading: it may run twice at a time, and what was done last stays on the page. */
  load(task: string, work: (admin: AdminClient) => Promise<void>): Promise<boolean>;
  ask(question: Question): void;
  /** Goes to an address of this page. Resolves when the section is there, so that what is said then stays. */
  go(hash: string): Promise<void>;
  /** The headers of a request that the client does not make. */
  headers(): Readonly<Record<string, string>>;
  /** The service's time, as an instant in a request. */
  now(): string;
  done(say: Say): void;
}

interface Connections {
  readonly client: FrontrowClient;
  readonly state: () => ConsoleState;
  change(changes: Partial<ConsoleState>): void;
  /** Null after the sign-out. */
  admin(): AdminClient | null;
  headers(): Readonly<Record<string, string>>;
  now(): string;
  /** The key is refused from now on. */
  turnedAway(): void;
}

export function createDeskTools({ client, state, change, admin, headers, now, turnedAway }: Connections): DeskTools {
  function setBusy(task: string, isBusy: boolean): void {
    const busy = new Set(state().busy);
    if (isBusy) busy.add(task);
    else busy.delete(task);
    change({ busy });
  }

  async function attempt(task: string, work: (admin: AdminClient) => Promise<void>): Promise<boolean> {
    const caller = admin();
    if (caller === null) return false;
    setBusy(task, true);
    try {
      await work(caller);
      return admin() === caller;
    } catch (error) {
      if (admin() !== caller) return false;
      if (error instanceof ApiProblem && error.status === 401) turnedAway();
      else change({ fault: faultOf(task, error) });
      return false;
    } finally {
      if (admin() === caller) setBusy(task, false);
    }
  }

  return {
    get state() {
      return state();
    },
    client,
    change,
    async run(task, work) {
      if (state().busy.has(task)) return false;
      change({ fault: null, done: null });
      return attempt(task, work);
    },
    load: attempt,
    headers,
    now,
    async go(hash) {
      if (location.hash === hash) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      addEventListener('hashchange', () => resolve(), { once: true });
      location.hash = hash;
      await promise;
    },
    ask: (question) => change({ question, fault: null, done: null }),
    done: (done) => change({ done }),
  };
}

function faultOf(at: string, error: unknown): ConsoleFault {
  if (!(error instanceof ApiProblem)) return { at, code: 'NO_ANSWER', title: (t) => t.unreachable, lines: [] };
  const { code, detail, members } = error;
  const faults = Array.isArray(members['errors']) ? members['errors'] : [];
  const named = Array.isArray(members['seatNumbers']) ? members['seatNumbers'] : [];
  return {
    at,
    code,
    title: () => detail,
    lines: faults.map(lineOf).filter((line) => line !== ''),
    seatNumbers: named.filter((seatNumber) => typeof seatNumber === 'number'),
  };
}

/** A fault of a value: where it is, and what is wrong with it. Faults of tables name row and column themselves. */
function lineOf(fault: unknown): string {
  if (typeof fault !== 'object' || fault === null || !('message' in fault)) return '';
  const path = 'path' in fault && !('row' in fault) ? String(fault.path) : '';
  return [path, String(fault.message)].filter((part) => part !== '').join(': ');
}
