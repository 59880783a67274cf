/** What bounds a live connection. Milliseconds. */
export interface LiveLimits {
  /** From the opening of a socket to the service's welcome. */
  readonly welcomeMs: number;
  /** From a subscription to its answer; a socket that does not answer is broken, though it may seem open. */
  readonly answerMs: number;
  /** From a ping to any frame, when the network is said to be back. */
  readonly probeMs: number;
  /** The first wait is up to this; each further one up to twice the one before. */
  readonly firstRetryMs: number;
  /** So that everybody is back within ten seconds of a restart, with some attempts to spare. */
  readonly longestRetryMs: number;
  /** After so many attempts in vain it is no restart but an outage, and waits grow on to `longestOutageRetryMs`. */
  readonly restartAttempts: number;
  readonly longestOutageRetryMs: number;
  /** A connection that lasted so long was good: its end starts the counting of attempts anew. */
  readonly steadyMs: number;
  /** The least wait after a close that says that this client did not keep up. */
  readonly behindLeastMs: number;
  /** The least wait after a close for too many frames or sockets, which are counted by the minute. */
  readonly limitedLeastMs: number;
  /** Gaps are asked about at most so often, whatever a connection does. */
  readonly gapIntervalMs: number;
  /** The first wait before a subscription that failed for now is asked for again; doubled up to eight times as long. */
  readonly channelRetryMs: number;
}

export const DEFAULT_LIVE_LIMITS: LiveLimits = {
  welcomeMs: 10_000,
  answerMs: 10_000,
  probeMs: 5_000,
  firstRetryMs: 250,
  longestRetryMs: 5_000,
  restartAttempts: 10,
  longestOutageRetryMs: 30_000,
  steadyMs: 10_000,
  behindLeastMs: 1_000,
  limitedLeastMs: 10_000,
  gapIntervalMs: 1_000,
  channelRetryMs: 1_000,
};
