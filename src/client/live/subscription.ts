import type { ClientClock } from '../platform.ts';
import type { LiveLimits } from './limits.ts';
import { isPassing } from './refusal-codes.ts';

/** The connection as a subscription needs it. */
export interface SubscriptionSettings {
  /** Sends the subscribing frame; false when there is no connection. */
  readonly request: () => boolean;
  /** Called when the socket gives no answer. */
  readonly renew: () => void;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly limits: LiveLimits;
}

/**
 * Requests for one channel: one at a time. A request without an answer in time renews the socket, and a request that was
 * refused for a passing reason is retried. A lost connection cancels the request; the caller repeats it on the next connection.
 */
export interface Subscription {
  readonly isAsked: boolean;
  ask(): void;
  /** Requests again, at most once per gap interval. */
  askAfterGap(): void;
  answered(): void;
  refused(code: string): void;
  /** Cancels everything; sends no more requests until the next call. */
  stop(): void;
}

const LONGEST_RETRY_FACTOR = 8;

export function createSubscription({ request, renew, clock, random, limits }: SubscriptionSettings): Subscription {
  let isAsked = false;
  let cancelTimer = (): void => undefined;
  let refusals = 0;
  let lastGapMs = Number.NEGATIVE_INFINITY;

  function send(): void {
    cancelTimer();
    isAsked = request();
    if (isAsked) cancelTimer = clock.after(limits.answerMs, renew);
  }

  function sendAfterGap(): void {
    lastGapMs = clock.monotonicMs();
    send();
  }

  return {
    get isAsked() {
      return isAsked;
    },
    ask: send,
    askAfterGap() {
      const waitMs = lastGapMs + limits.gapIntervalMs - clock.monotonicMs();
      if (waitMs <= 0) {
        sendAfterGap();
        return;
      }
      isAsked = true;
      cancelTimer();
      cancelTimer = clock.after(waitMs, sendAfterGap);
    },
    answered() {
      cancelTimer();
      isAsked = false;
      refusals = 0;
    },
    refused(code) {
      cancelTimer();
      isAsked = false;
      if (!isPassing(code)) return;
      const mostMs = limits.channelRetryMs * Math.min(LONGEST_RETRY_FACTOR, 2 ** refusals);
      refusals += 1;
      cancelTimer = clock.after(mostMs / 2 + (random() * mostMs) / 2, send);
    },
    stop() {
      cancelTimer();
      isAsked = false;
    },
  };
}
