import type { ClientClock } from '../platform.ts';
import type { LiveLimits } from './limits.ts';
import { isPassing } from './refusal-codes.ts';

/** What asking for a channel needs of the connection. */
export interface SubscriptionSettings {
  /** Sends the frame that asks; false when there is no connection. */
  readonly request: () => boolean;
  /** The socket does not answer. */
  readonly renew: () => void;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly limits: LiveLimits;
}

/**
 * The asking for a channel: one question at a time, which has to be answered in time, and which is repeated after a refusal that
 * passes. A lost connection forgets the question; whoever owns this asks again on the next one.
 */
export interface Subscription {
  readonly isAsked: boolean;
  ask(): void;
  /** Asks, but not sooner after the last such question than gaps are asked about. */
  askAfterGap(): void;
  answered(): void;
  refused(code: string): void;
  /** Forgets everything, and asks no more until it is told to. */
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
