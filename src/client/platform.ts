/** The part of `fetch` that the client uses; the one of browsers and of Node fits. */
export type FetchPort = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly signal: AbortSignal;
    readonly credentials: 'omit';
    readonly cache: 'no-store' | 'no-cache';
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  /** How long the answer took, where the transport measures it better than its caller. */
  readonly durationMs?: number;
}>;

/** The part of a WebSocket that the client uses; those of browsers, of Node and of `ws` fit. */
export interface SocketPort {
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
  addEventListener(type: 'error', listener: () => void): void;
}

export type SocketConstructor = new (url: string) => SocketPort;

/** The client's clock: durations, timers, and this machine's time of day. */
export interface ClientClock {
  /** Milliseconds since an arbitrary origin, never decreasing. */
  monotonicMs(): number;
  /** Calls `run` once after at least `delayMs`; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Epoch milliseconds by this machine's clock. */
  epochMs(): number;
}

/** The clock of the machine. Its timers keep a Node process alive while a request waits for its next attempt. */
export const machineClock: ClientClock = {
  monotonicMs: () => performance.now(),
  epochMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.max(delayMs, 0));
    return () => clearTimeout(timer);
  },
};

/** 128 bits: keys do not collide and cannot be guessed. */
const KEY_BYTES = 16;

/** Returns a new idempotency key. `randomUUID` would fail in browsers on insecure origins. */
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

/** Globals that browsers have and Node may lack. */
const surroundings: {
  readonly location?: { readonly href: string };
  readonly reportError?: (error: unknown) => void;
  readonly addEventListener?: (type: string, listener: () => void) => void;
  readonly removeEventListener?: (type: string, listener: () => void) => void;
} = globalThis as object;

/** The URL for live connections. Throws when `baseUrl` is empty and there is no page. */
export function liveUrlOf(baseUrl: string): string {
  const url = new URL(`${baseUrl}/api/v1/live`, surroundings.location?.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** Calls `run` when the system reports that the network is back, where it reports that; returns a function that unsubscribes. */
export function onNetworkBack(run: () => void): () => void {
  surroundings.addEventListener?.('online', run);
  return () => surroundings.removeEventListener?.('online', run);
}

/** Reports an error as uncaught without ending the process. */
export function reportOfListener(error: unknown): void {
  if (surroundings.reportError === undefined) console.error(error);
  else surroundings.reportError(error);
}
