import { type Child, h } from '../view/node.ts';
import { icon } from './icon.ts';
import type { ViewContext } from './view-context.ts';

/** WCAG 2.2.1: a fan is warned in time, and gets more of it with one press. */
const OFFERED_FROM_MS = 60_000;

interface Holds {
  readonly concertId: number;
  readonly scheduleId: number;
  /** When the first of them ends, in epoch milliseconds. */
  readonly endMs: number;
}

/** Offers more time before the holds end. Only a fan who is inside can have it. */
export function extendButton({ state, office, t }: ViewContext, holds: Holds): Child {
  const { concertId, scheduleId, endMs } = holds;
  const remainingMs = endMs - state.nowMs;
  const place = state.visit?.concertId === concertId ? state.visit.place : state.places.get(concertId);
  const isInside = typeof place === 'object' && place?.status === 'ACTIVE';
  if (!isInside || remainingMs > OFFERED_FROM_MS || remainingMs <= 0) return null;
  return h(
    'button',
    {
      key: 'extend',
      type: 'button',
      class: 'button extend-button',
      'aria-busy': state.busy.get('extend') === String(scheduleId),
      disabled: state.busy.has('pay') || state.busy.has('release'),
      on: { click: () => office.extend({ concertId, scheduleId }) },
    },
    icon('clock'),
    t.extend.more,
  );
}
