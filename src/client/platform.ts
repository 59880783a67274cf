/** What the client needs of `fetch`; the one of browsers and of Node fits. */
export type FetchPort = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly signal: AbortSignal;
    readonly credentials: 'omit';
    readonly cache: 'no-store';
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  /** How long the answer took, where the transport knows better than its caller when it was begun. */
  readonly durationMs?: number;
}>;

/** What the client needs of a WebSocket; those of browsers, of Node and of `ws` fit. */
export interface SocketPort {
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
  addEventListener(type: 'error', listener: () => void): void;
}

export type SocketConstructor = new (url: string) => SocketPort;

/** Time as the client sees it: durations, timers, and the time of day of this machine. */
export interface ClientClock {
  /** Milliseconds since an arbitrary origin, never decreasing. */
  monotonicMs(): number;
  /** Calls `run` once after at least `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Milliseconds since 1970 as this machine believes. */
  epochMs(): number;
}

/** The clock of the machine. Its timers keep a Node process alive: a request that waits for its next attempt is not over. */
export const machineClock: ClientClock = {
  monotonicMs: () => performance.now(),
  epochMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.max(delayMs, 0));
    return () => clearTimeout(timer);
  },
};

/** 128 bits: nobody else's key, and nobody's guess. */
const KEY_BYTES = 16;

/** A new idempotency key. Not `randomUUID`, which browsers have on secure origins only. */
export function newRandomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Resolves after `delayMs`, or as soon as the signal aborts. */
export function pause(clock: ClientClock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(delayMs, end);
    signal?.addEventListener('abort', end);
    if (signal?.aborted === true) end();
  });
}

/** What a browser has and Node has not, each of them perhaps. */
const surroundings: {
  readonly location?: { readonly href: string };
  readonly reportError?: (error: unknown) => void;
  readonly addEventListener?: (type: string, listener: () => void) => void;
  readonly removeEventListener?: (type: string, listener: () => void) => void;
} = globalThis as object;

/** Where live connections go. Throws where `baseUrl` is empty and there is no page to take it from. */
export function liveUrlOf(baseUrl: string): string {
  const url = new URL(`${baseUrl}/api/v1/live`, surroundings.location?.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Calls `run` whenever the system says that the network is there again, where it says so; returns how to stop. */
export function onNetworkBack(run: () => void): () => void {
  surroundings.addEventListener?.('online', run);
  return () => surroundings.removeEventListener?.('online', run);
}

/** As errors appear that nobody caught, without an end to the process. */
export function reportOfListener(error: unknown): void {
  if (surroundings.reportError === undefined) console.error(error);
  else surroundings.reportError(error);
}
