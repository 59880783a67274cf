/** The limits of a live connection, in milliseconds. */
export interface LiveLimits {
  /** From the opening of a socket to the service's welcome. */
  readonly welcomeMs: number;
  /** From a subscription to its answer. A socket that gives no answer is broken, even if it seems open. */
  readonly answerMs: number;
  /** From a ping to any frame, after the system reports that the network is back. */
  readonly probeMs: number;
  /** The first wait is at most this long; each further one at most twice the one before. */
  readonly firstRetryMs: number;
  /** All clients are back within ten seconds of a restart, with some attempts to spare. */
  readonly longestRetryMs: number;
  /** After this many failed attempts the client assumes an outage; its waits then grow to `longestOutageRetryMs`. */
  readonly restartAttempts: number;
  readonly longestOutageRetryMs: number;
  /** A connection that lasted this long was good: when it ends, attempts count from zero. */
  readonly steadyMs: number;
  /** The least wait after the service closed the socket because this client read too slowly. */
  readonly behindLeastMs: number;
  /** The least wait after a close for too many frames or sockets; the service counts both per minute. */
  readonly limitedLeastMs: number;
  /** The least interval between two questions about gaps. */
  readonly gapIntervalMs: number;
  /** The first wait before a failed subscription is retried; it doubles up to eight times this. */
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
