import type { ErrorFrame, QueueFrame } from '../../domain/live-frames.ts';
import type { LiveError, LivePlace, QueueListener } from './live-events.ts';
import { createListeners } from './listeners.ts';
import { createSubscription, type SubscriptionSettings } from './subscription.ts';

/** The place of the connection's queue token for all who watch it here. */
export interface QueueChannel {
  readonly isWatched: boolean;
  add(listener: QueueListener): () => void;
  subscribe(): void;
  heard(frame: QueueFrame): void;
  refused(frame: ErrorFrame): void;
  /** Nothing more is asked for until `subscribe`. */
  stop(): void;
  /** No listener is called any more. */
  close(): void;
}

export function createQueueChannel(
  settings: SubscriptionSettings & { readonly report: (error: unknown) => void },
): QueueChannel {
  const listeners = createListeners<LivePlace | LiveError>(settings.report);
  const subscription = createSubscription(settings);
  let known: LivePlace | null = null;

  return {
    get isWatched() {
      return listeners.size > 0;
    },
    add: (listener) => listeners.add(listener, () => known),
    subscribe() {
      // It may be another token's place that is asked for now.
      known = null;
      subscription.ask();
    },
    heard({ status, queuePosition, estimatedWaitTime }) {
      subscription.answered();
      known = { type: 'place', status, queuePosition, estimatedWaitTime };
      listeners.tell(known);
    },
    refused({ code, detail }) {
      subscription.refused(code);
      listeners.tell({ type: 'error', code, detail });
    },
    stop() {
      known = null;
      subscription.stop();
    },
    close() {
      subscription.stop();
      listeners.clear();
    },
  };
}
