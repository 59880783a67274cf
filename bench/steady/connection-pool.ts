import { setTimeout as pause } from 'node:timers/promises';
import { type Answer, type LoadConnection, openConnection } from '../load/connection.ts';

/** Sends requests over many connections to several ports, one in flight on each. */
export interface ConnectionPool {
  /** `onEnd` is called once: with the answer, or with null when there will be none. `build` gets the port. */
  send(build: (port: number) => Buffer, onEnd: (answer: Answer | null) => void): void;
  /** From now on no request goes to other ports; requests in flight there may still be answered. */
  direct(ports: readonly number[]): void;
  close(): void;
}

interface Request {
  readonly build: (port: number) => Buffer;
  readonly onEnd: (answer: Answer | null) => void;
}

interface Pooled {
  readonly port: number;
  connection: LoadConnection | null;
  current: Request | null;
}

const DIAL_AGAIN_MS = 50;

/**
 * Requests use the free connections in turns, so that none is idle until its server closes it. A request without a free connection waits. The
 * pool does not send a request again when its connection breaks.
 */
export function createConnectionPool(connectionsPerPort: number): ConnectionPool {
  const pooled = new Map<number, Set<Pooled>>();
  let free: Pooled[] = [];
  const waiting: Request[] = [];
  let isClosed = false;

  const isWanted = (member: Pooled): boolean => !isClosed && pooled.get(member.port)?.has(member) === true;

  function put(member: Pooled): void {
    const next = isWanted(member) ? waiting.shift() : undefined;
    if (next !== undefined) start(member, next);
    else if (isWanted(member)) free.push(member);
    else member.connection?.close();
  }

  function start(member: Pooled, request: Request): void {
    member.current = request;
    member.connection?.send(request.build(member.port));
  }

  function end(member: Pooled, answer: Answer | null): void {
    const request = member.current;
    member.current = null;
    request?.onEnd(answer);
  }

  async function dial(member: Pooled): Promise<void> {
    while (isWanted(member)) {
      try {
        member.connection = await openConnection(
          member.port,
          (answer) => {
            end(member, answer);
            put(member);
          },
          () => {
            member.connection = null;
            free = free.filter((each) => each !== member);
            end(member, null);
            void dial(member);
          },
        );
        put(member);
        return;
      } catch {
        // No server listens there now.
        await pause(DIAL_AGAIN_MS);
      }
    }
  }

  return {
    send(build, onEnd) {
      const member = free.shift();
      if (member === undefined) waiting.push({ build, onEnd });
      else start(member, { build, onEnd });
    },
    direct(ports) {
      for (const port of pooled.keys()) if (!ports.includes(port)) pooled.delete(port);
      const idle = free;
      free = [];
      for (const member of idle) put(member);
      for (const port of ports.filter((each) => !pooled.has(each))) {
        const members = Array.from(
          { length: connectionsPerPort },
          (): Pooled => ({ port, connection: null, current: null }),
        );
        pooled.set(port, new Set(members));
        for (const member of members) void dial(member);
      }
    },
    close() {
      isClosed = true;
      for (const members of pooled.values()) for (const { connection } of members) connection?.close();
    },
  };
}
