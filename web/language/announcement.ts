import type { PageState } from '../state/page-state.ts';
import { firstEndMs, type View, viewOf } from '../state/view.ts';
import type { Format } from './format.ts';
import type { Texts } from './korean.ts';

/** The least interval between two announcements of a value that changes all the time. */
const QUIET_MS = 15_000;
/** Near the front of the line, every change is announced. */
const NEAR_POSITION = 3;
const LAST_MINUTE_MS = 60_000;

/**
 * Announces to screen readers what others see move: the place in line, the free seats, the last minute of a hold. Other changes
 * are announced by their own elements. Returns null when there is nothing to announce.
 */
export function createAnnouncer(): (state: PageState, before: PageState, t: Texts, f: Format) => string | null {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  let said = '';

  function moving(text: string, nowMs: number, isUrgent: boolean): string | null {
    if (text === said || (!isUrgent && nowMs - saidAtMs < QUIET_MS)) return null;
    saidAtMs = nowMs;
    said = text;
    return text;
  }

  return (state, before, t, f) => {
    const view = viewOf(state);
    switch (view.name) {
      case 'waiting-room': {
        const position = view.place.queuePosition ?? 0;
        return moving(t.waiting.place(f.number(position)), state.nowMs, position <= NEAR_POSITION);
      }
      case 'hall': {
        const seats = view.visit.hall?.seats;
        if (seats === undefined) return null;
        const left = seats.filter(({ status }) => status === 'AVAILABLE').length;
        return moving(t.hall.leftAnnouncement(f.number(left)), state.nowMs, left === 0);
      }
      case 'checkout':
        return remainingMs(view, state) <= LAST_MINUTE_MS && remainingMs(view, before) > LAST_MINUTE_MS
          ? t.checkout.oneMinute
          : null;
      default:
        return null;
    }
  };
}

function remainingMs({ holds }: View & { name: 'checkout' }, { nowMs }: PageState): number {
  return (firstEndMs(holds) ?? nowMs) - nowMs;
}
