import type { ErrorFrame, QueueFrame } from '../../domain/live-frames.ts';
import type { LiveError, LivePlace, QueueListener } from './live-events.ts';
import { createListeners } from './listeners.ts';
import { createSubscription, type SubscriptionSettings } from './subscription.ts';

/** The place of the connection's queue token, for all its listeners in this client. */
export interface QueueChannel {
  readonly isWatched: boolean;
  add(listener: QueueListener): () => void;
  subscribe(): void;
  onFrame(frame: QueueFrame): void;
  refused(frame: ErrorFrame): void;
  /** Sends no more requests until `subscribe`. */
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
      // The new subscription may be for another token.
      known = null;
      subscription.ask();
    },
    onFrame(frame) {
      subscription.answered();
      known = { ...frame, type: 'place' };
      listeners.notify(known);
    },
    refused({ code, detail }) {
      subscription.refused(code);
      listeners.notify({ type: 'error', code, detail });
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
