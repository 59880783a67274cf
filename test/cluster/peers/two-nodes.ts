import type { Test } from 'tap';
import type { Command } from '../../../src/actors/command.ts';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { createKeyRing } from '../../../src/cluster/peers/key-ring.ts';
import { createPeerLinks } from '../../../src/cluster/peers/peer-links.ts';
import type {
  PeerAnswer,
  PeerHandler,
  PeerLinks,
  PeerServer,
  SendOutcome,
} from '../../../src/cluster/peers/peer-port.ts';
import { createPeerServer } from '../../../src/cluster/peers/peer-server.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

export const SECRET = 'a-secret-of-the-peers-of-this-test';
export const LISTENER = 'b:1';
export const DIALLER = 'a:1';
export const LIMIT_MS = 5_000;

/** A log that can be read. */
export interface KeptLog extends Log {
  readonly lines: readonly { readonly level: keyof Log; readonly fields: object; readonly message: string }[];
  /** Whether a line of at least `warn` has this in its message or its fields. */
  warnsOf(words: string): boolean;
}

export function createKeptLog(): KeptLog {
  const lines: { level: keyof Log; fields: object; message: string }[] = [];
  const keep =
    (level: keyof Log) =>
    (fields: object, message = '') => {
      lines.push({ level, fields, message });
    };
  return {
    lines,
    warnsOf: (words) =>
      lines.some(
        ({ level, fields, message }) =>
          (level === 'warn' || level === 'error') && `${message} ${textOf(fields)}`.includes(words),
      ),
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  };
}

function textOf(fields: object): string {
  return JSON.stringify(fields, (_name, value: unknown) => (value instanceof Error ? value.message : value));
}

/** Grants every map, with the schedule's number for its sequence number. */
const grantMaps: PeerHandler = ({ scheduleId }) => mapOf(scheduleId);

export function mapOf(scheduleId: number): PeerAnswer {
  return {
    outcome: 'granted',
    value: { scheduleId, epoch: 1, seq: scheduleId, availableSeats: 0, seats: [] },
  };
}

export function readMap(scheduleId = 1): Command {
  return { type: 'ReadSeatMap', scheduleId };
}

/** Lets a test know how many commands have reached a handler, which grants every map unless told otherwise. */
export function countHandled(handle = grantMaps): { readonly handle: PeerHandler; readonly handled: () => number } {
  let handled = 0;
  return {
    handle(command) {
      handled += 1;
      return handle(command);
    },
    handled: () => handled,
  };
}

/** A handler whose answers are given when the test says so. */
export function createPatientHandler() {
  const waiting: { readonly command: Command; readonly give: (answer: PeerAnswer) => void }[] = [];
  return {
    waiting,
    handle: (command: Command) =>
      new Promise<PeerAnswer>((resolve) => {
        waiting.push({ command, give: resolve });
      }),
  };
}

export interface NodeOptions {
  readonly node?: () => string;
  readonly secret?: string;
  readonly previous?: string;
  readonly clock?: Clock;
  readonly log?: Log;
}

function keysOf({ secret = SECRET, previous }: NodeOptions) {
  return createKeyRing({ secret, ...(previous === undefined ? {} : { previous }) });
}

export interface ListenerOptions extends NodeOptions {
  readonly handle?: PeerHandler;
  /** Any that is free, when left out. */
  readonly port?: number;
}

export async function startListener(t: Test, options: ListenerOptions = {}): Promise<PeerServer> {
  const server = await createPeerServer({
    host: '127.0.0.1',
    port: 0,
    keys: keysOf(options),
    node: () => LISTENER,
    handle: grantMaps,
    clock: systemClock,
    log: createKeptLog(),
    ...options,
  });
  t.teardown(() => server.close());
  return server;
}

/** The links of a node that knows one peer, at this address. */
export function startDialler(
  t: Test,
  address: string,
  options: NodeOptions & { readonly peerKnows?: readonly string[] } = {},
): PeerLinks {
  const links = createPeerLinks({
    keys: keysOf(options),
    node: () => DIALLER,
    clock: systemClock,
    log: createKeptLog(),
    ...options,
  });
  t.teardown(() => links.close());
  links.setPeers([{ node: LISTENER, address, secretFingerprints: options.peerKnows ?? null }]);
  return links;
}

/** A listener with this handler and the links of a dialler to it. */
export async function startPair(
  t: Test,
  handle: PeerHandler = grantMaps,
): Promise<{ readonly server: PeerServer; readonly links: PeerLinks }> {
  const server = await startListener(t, { handle });
  return { server, links: startDialler(t, server.address) };
}

export async function waitUntilUp(links: PeerLinks): Promise<void> {
  await waitFor(() => links.measure().every(({ isUp }) => isUp), { what: 'the link' });
}

/** The sequence number of a granted map, else the outcome. */
export function seqOf(outcome: SendOutcome): unknown {
  if (outcome.type !== 'answered') return outcome.type;
  const { answer } = outcome;
  return answer.outcome === 'granted' && 'seq' in answer.value ? answer.value.seq : answer;
}
