import type { FaultCode, RejectionCode } from '../../domain/errors.ts';
import type { ErrorFrame } from '../../domain/live-frames.ts';
import type { Language } from '../answers/language.ts';
import { problemTable } from '../answers/problem-table.ts';
import type { FrameReference } from './frame-reader.ts';

/** Codes that only frames carry, with their texts. */
const frameTable = {
  MALFORMED: {
    ko: '프레임을 이해할 수 없습니다',
    en: 'The frame is malformed or of no known type; the third such frame ends the connection.',
  },
  TOO_MANY_SUBSCRIPTIONS: {
    ko: '한 연결에서 구독할 수 있는 수를 초과했습니다',
    en: 'The connection has as many subscriptions as it may have.',
  },
} as const satisfies Record<string, Record<Language, string>>;

type FrameOnlyCode = keyof typeof frameTable;

/** Every code that an error frame can carry. */
export type LiveProblemCode = RejectionCode | FaultCode | 'INTERNAL_ERROR' | FrameOnlyCode;

/** An error frame as text, in the caller's language. */
export function errorText(code: LiveProblemCode, language: Language, about: FrameReference): string {
  const detail = isFrameOnly(code) ? frameTable[code][language] : problemTable[code][language].detail;
  const frame: ErrorFrame = { type: 'error', code, ...about, detail };
  return JSON.stringify(frame);
}

function isFrameOnly(code: LiveProblemCode): code is FrameOnlyCode {
  return code in frameTable;
}
