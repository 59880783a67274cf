import type { LiveCloseCode } from '../../domain/live-frames.ts';
import type { LiveLimits } from './limits.ts';

const BEHIND = 1013 satisfies LiveCloseCode;
const LIMITED = 4429 satisfies LiveCloseCode;
const RESTART = 1012 satisfies LiveCloseCode;

/**
 * The wait before attempt number `attempt` (from 1) after a close with `code`, in milliseconds. Full jitter: clients that lost
 * their connections together come back apart.
 */
export function waitBeforeReconnect(attempt: number, code: number, random: () => number, limits: LiveLimits): number {
  const longestMs = attempt > limits.restartAttempts ? limits.longestOutageRetryMs : limits.longestRetryMs;
  const mostMs = Math.min(longestMs, limits.firstRetryMs * 2 ** (attempt - 1));
  switch (code) {
    // A restart closes all sockets at once, so even the first wait is spread over the time that a restart takes.
    case RESTART:
      return random() * Math.max(mostMs, limits.longestRetryMs / 2);
    case BEHIND:
      return limits.behindLeastMs + random() * Math.max(mostMs, limits.behindLeastMs);
    case LIMITED:
      return limits.limitedLeastMs + random() * Math.max(mostMs, limits.limitedLeastMs);
    default:
      return random() * mostMs;
  }
}
