import { type Static, Type } from 'typebox';
import type { SeatHead, SeatUpdates } from '../../domain/seat-broadcast.ts';
import { createMessageReader } from './message-reader.ts';

/** The messages between nodes about watched schedules, as JSON. */

/** Twice what one statement can change: 2 000 events, or 100 payments of 50 reservations. */
const UPDATES_LIMIT = 10_000;
/** Some 70 KB; a node that watches more sends several messages. */
export const SCHEDULES_PER_MESSAGE = 10_000;

const strict = { additionalProperties: false };
const id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });

const updatesSchema = Type.Object(
  {
    type: Type.Literal('updates'),
    scheduleId: id,
    epoch: id,
    fromSeq: id,
    seq: id,
    updates: Type.Array(
      Type.Object(
        {
          seatNumber: id,
          status: Type.Enum(['AVAILABLE', 'HELD', 'CONFIRMED', 'BLOCKED']),
          heldUntil: Type.Union([Type.Null(), instant]),
        },
        strict,
      ),
      { minItems: 1, maxItems: UPDATES_LIMIT },
    ),
  },
  strict,
);
const headSchema = Type.Object(
  {
    type: Type.Literal('head'),
    scheduleId: id,
    epoch: count,
    seq: count,
    isCancelled: Type.Optional(Type.Literal(true)),
  },
  strict,
);

/** `begun`: a new interest; the owner announces the head at once. `still`: renewed once a second. `ended`: no interest any more. */
const watchingSchema = Type.Object(
  {
    type: Type.Union([Type.Literal('begun'), Type.Literal('still'), Type.Literal('ended')]),
    scheduleIds: Type.Array(id, { maxItems: SCHEDULES_PER_MESSAGE }),
  },
  strict,
);

export type WatchingMessage = Static<typeof watchingSchema>;

export type SeatMessage =
  | { readonly type: 'updates'; readonly updates: SeatUpdates }
  | { readonly type: 'head'; readonly head: SeatHead };

const readSeats = createMessageReader(Type.Union([updatesSchema, headSchema]));

export const readWatchingMessage = createMessageReader(watchingSchema);

/** A message about the schedule; null if the text is none, or is about another schedule. */
export function readSeatMessage(text: string, scheduleId: number): SeatMessage | null {
  const message = readSeats(text);
  if (message === null || message.scheduleId !== scheduleId) return null;
  if (message.type === 'head') {
    const { type, ...head } = message;
    return { type, head };
  }
  const { epoch, fromSeq, seq, updates } = message;
  if (seq - fromSeq + 1 !== updates.length) return null;
  return { type: 'updates', updates: { scheduleId, epoch, fromSeq, seq, updates } };
}

export function writeUpdates(updates: SeatUpdates): string {
  return JSON.stringify({ type: 'updates', ...updates });
}

export function writeHead(head: SeatHead): string {
  return JSON.stringify({ type: 'head', ...head });
}

export function writeWatching(message: WatchingMessage): string {
  return JSON.stringify(message);
}
