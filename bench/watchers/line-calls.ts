/** What the process of those who wait can be asked. Times are the machine's monotonic milliseconds. */
export type LineCalls = {
  /** Opens a connection for each queue token; answers when each knows its place. */
  open: (order: { readonly port: number; readonly path: string; readonly tokens: readonly string[] }) => Promise<{
    readonly openedMs: number;
  }>;
  /** When this token was told to be ACTIVE; null when it was not within the time. */
  admitted: (order: { readonly token: string; readonly limitMs: number }) => Promise<{ readonly atMs: number | null }>;
  /** Frames about places since the start. */
  frames: (order: Record<string, never>) => Promise<{ readonly frames: number; readonly faults: readonly string[] }>;
  close: (order: Record<string, never>) => Promise<void>;
};
