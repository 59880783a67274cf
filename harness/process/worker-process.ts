import { fork } from 'node:child_process';

/** The calls that a worker answers, by name: one argument, one answer. */
export type Calls = Readonly<Record<string, (argument: never) => Promise<unknown>>>;

export interface WorkerProcess<Known extends Calls> {
  readonly processId: number;
  /** Rejects with the worker's error, and when the worker has ended. */
  call<Name extends keyof Known & string>(
    name: Name,
    argument: Parameters<Known[Name]>[0],
  ): Promise<Awaited<ReturnType<Known[Name]>>>;
  close(): void;
}

export interface Asked {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export interface Answered {
  readonly id: number;
  readonly value?: unknown;
  readonly reason?: string;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: Error) => void;
}

/** Starts a script that calls `serveCalls`, in a process of its own that ends with this one. */
export function createWorkerProcess<Known extends Calls>(script: URL): WorkerProcess<Known> {
  // Times and bytes are in typed arrays, which JSON would write as text.
  const child = fork(script, { stdio: 'inherit', serialization: 'advanced' });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  child.on('message', (message) => {
    const { id, value, reason } = message as Answered;
    const call = waiting.get(id);
    waiting.delete(id);
    if (reason === undefined) call?.resolve(value as never);
    else call?.reject(new Error(reason));
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`A worker ended with ${signal ?? code}.`));
    waiting.clear();
  });
  return {
    processId: child.pid ?? 0,
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        const asked: Asked = { id: lastId, name, argument };
        child.send(asked, (error) => {
          if (error !== null) reject(error);
        });
      }),
    close() {
      if (child.connected) child.disconnect();
    },
  };
}
