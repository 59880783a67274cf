import type { ClientFrame } from '../../domain/live-frames.ts';

/** The contract's limit of a client's frame; the longest kind of access token in use fits. */
export const FRAME_LIMIT_BYTES = 4_096;
/** The client chooses the id, and the service keeps it until it has answered the frame. */
const ID_LIMIT = 64;

/** The members of a frame that its answer repeats. */
export interface FrameReference {
  readonly channel?: 'seats' | 'queue';
  readonly scheduleId?: number;
  readonly id?: string;
}

export type FrameReading =
  | { readonly ok: true; readonly frame: ClientFrame }
  /** `about`: the members that could be read. */
  | { readonly ok: false; readonly about: FrameReference };

/** A map, not an object: a member named `__proto__` is then an ordinary unknown member. */
type Members = ReadonlyMap<string, unknown>;

/**
 * Reads a frame strictly: one JSON object with exactly the members of its type, in their ranges. All members are plain values,
 * so no hostile structure gets past the parser.
 */
export function readFrame(text: string): FrameReading {
  const members = membersOf(text);
  if (members === null) return { ok: false, about: {} };
  const frame = frameOf(members);
  return frame === null ? { ok: false, about: referenceOf(members) } : { ok: true, frame };
}

function membersOf(text: string): Members | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : null;
}

function frameOf(members: Members): ClientFrame | null {
  switch (members.get('type')) {
    case 'hello':
      return helloOf(members);
    case 'subscribe':
      return subscribeOf(members);
    case 'unsubscribe':
      return unsubscribeOf(members);
    case 'ping':
      return hasOnly(members, 'type') ? { type: 'ping' } : null;
    default:
      return null;
  }
}

function helloOf(members: Members): ClientFrame | null {
  const token = members.get('token');
  return hasOnly(members, 'type', 'token') && typeof token === 'string' && token !== ''
    ? { type: 'hello', token }
    : null;
}

function subscribeOf(members: Members): ClientFrame | null {
  const mark = markOf(members);
  if (mark === null) return null;
  if (members.get('channel') === 'queue') {
    return hasOnly(members, 'type', 'channel', 'id') ? { type: 'subscribe', channel: 'queue', ...mark } : null;
  }
  const scheduleId = members.get('scheduleId');
  const sinceSeq = members.get('sinceSeq');
  if (members.get('channel') !== 'seats' || !isScheduleId(scheduleId)) return null;
  if (!hasOnly(members, 'type', 'channel', 'scheduleId', 'sinceSeq', 'id')) return null;
  if (!members.has('sinceSeq')) return { type: 'subscribe', channel: 'seats', scheduleId, ...mark };
  return isSeq(sinceSeq) ? { type: 'subscribe', channel: 'seats', scheduleId, sinceSeq, ...mark } : null;
}

function unsubscribeOf(members: Members): ClientFrame | null {
  const mark = markOf(members);
  if (mark === null) return null;
  if (members.get('channel') === 'queue') {
    return hasOnly(members, 'type', 'channel', 'id') ? { type: 'unsubscribe', channel: 'queue', ...mark } : null;
  }
  const scheduleId = members.get('scheduleId');
  if (members.get('channel') !== 'seats' || !isScheduleId(scheduleId)) return null;
  return hasOnly(members, 'type', 'channel', 'scheduleId', 'id')
    ? { type: 'unsubscribe', channel: 'seats', scheduleId, ...mark }
    : null;
}

function referenceOf(members: Members): FrameReference {
  const channel = members.get('channel');
  const scheduleId = members.get('scheduleId');
  return {
    ...(channel === 'seats' || channel === 'queue' ? { channel } : {}),
    ...(isScheduleId(scheduleId) ? { scheduleId } : {}),
    ...markOf(members),
  };
}

/** The frame's id, if it has one; null when the id is invalid. */
function markOf(members: Members): { readonly id?: string } | null {
  if (!members.has('id')) return {};
  const id = members.get('id');
  return typeof id === 'string' && id.length <= ID_LIMIT && id.isWellFormed() ? { id } : null;
}

function hasOnly(members: Members, ...names: readonly string[]): boolean {
  for (const name of members.keys()) if (!names.includes(name)) return false;
  return true;
}

function isScheduleId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
