import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
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

const strict = { additionalProperties: false };
const hello = Type.Literal('hello');
const subscribe = Type.Literal('subscribe');
const unsubscribe = Type.Literal('unsubscribe');
const channel = Type.Union([Type.Literal('seats'), Type.Literal('queue')]);
const scheduleId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const sinceSeq = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const id = Type.Refine(Type.String(), (text) => text.length <= ID_LIMIT && text.isWellFormed());
const seats = { channel: Type.Literal('seats'), scheduleId, id: Type.Optional(id) };
const queue = { channel: Type.Literal('queue'), id: Type.Optional(id) };

const frames = Compile(
  Type.Union([
    Type.Object({ type: hello, token: Type.String({ minLength: 1 }) }, strict),
    Type.Object({ type: subscribe, ...seats, sinceSeq: Type.Optional(sinceSeq) }, strict),
    Type.Object({ type: subscribe, ...queue }, strict),
    Type.Object({ type: unsubscribe, ...seats }, strict),
    Type.Object({ type: unsubscribe, ...queue }, strict),
    Type.Object({ type: Type.Literal('ping') }, strict),
  ]),
);
const references = Object.entries({ channel, scheduleId, id }).map(
  ([name, schema]) => [name, Compile<TSchema>(schema)] as const,
);

/** Reads a frame strictly: one JSON object with exactly the members of its type, in their ranges. */
export function readFrame(text: string): FrameReading {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return { ok: false, about: {} };
  }
  return frames.Check(frame) ? { ok: true, frame } : { ok: false, about: referenceOf(frame) };
}

/** The members of any value that a reference may have. */
function referenceOf(value: unknown): FrameReference {
  const members = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  return Object.fromEntries(
    references.flatMap(([name, schema]) => (schema.Check(members.get(name)) ? [[name, members.get(name)]] : [])),
  );
}
