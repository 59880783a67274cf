import type { DeltaFrame, ErrorFrame, SnapshotFrame } from '../../domain/live-frames.ts';
import type { LiveError, LiveSeatMap, SeatListener } from './live-events.ts';
import { createListeners } from './listeners.ts';
import { foldFrame, type KnownMap } from './seat-map.ts';
import { createSubscription, type SubscriptionSettings } from './subscription.ts';

/** One schedule's seats, for all its listeners in this client. */
export interface SeatChannel {
  readonly isWatched: boolean;
  add(listener: SeatListener): () => void;
  /** Asks for the map, or for the changes since the known one. */
  subscribe(): void;
  onFrame(frame: SnapshotFrame | DeltaFrame): void;
  refused(frame: ErrorFrame): void;
  /** Sends no more requests until `subscribe`; the map stays. */
  stop(): void;
  /** No listener is called any more. */
  close(): void;
}

export interface SeatChannelSettings extends Omit<SubscriptionSettings, 'request'> {
  readonly scheduleId: number;
  readonly request: (sinceSeq: number | null) => boolean;
  readonly report: (error: unknown) => void;
}

export function createSeatChannel({ scheduleId, request, report, ...settings }: SeatChannelSettings): SeatChannel {
  const listeners = createListeners<LiveSeatMap | LiveError>(report);
  let known: KnownMap | null = null;
  const subscription = createSubscription({ ...settings, request: () => request(known?.seq ?? null) });

  function mapOf(map: KnownMap, changed: readonly number[], isSnapshot: boolean): LiveSeatMap {
    return { type: 'map', scheduleId, ...map, changed, isSnapshot };
  }

  /** The map as a new listener gets it. */
  function wholeOf(map: KnownMap): LiveSeatMap {
    const all = map.seats.map((seat) => seat.seatNumber);
    return mapOf(map, all, true);
  }

  return {
    get isWatched() {
      return listeners.size > 0;
    },
    add: (listener) => listeners.add(listener, () => (known === null ? null : wholeOf(known))),
    subscribe: subscription.ask,
    onFrame(frame) {
      const folded = foldFrame(known, frame);
      if (folded.type === 'gap') {
        if (folded.sinceSeq === null) known = null;
        // While a subscription awaits its answer, late frames of an earlier one may leave a gap.
        if (!subscription.isAsked) subscription.askAfterGap();
        return;
      }
      subscription.answered();
      if (folded.type === 'nothing-new') return;
      const { map } = folded;
      known = map;
      const event = mapOf(map, folded.changed, folded.isSnapshot);
      listeners.notify(event, (same) => (same.type === 'map' ? wholeOf(map) : same));
    },
    refused({ code, detail }) {
      subscription.refused(code);
      listeners.notify({ type: 'error', code, detail });
    },
    stop: subscription.stop,
    close() {
      subscription.stop();
      listeners.clear();
    },
  };
}
