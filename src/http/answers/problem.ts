import type { RejectionMembers } from '../../domain/errors.ts';
import { faultText } from './fault-words.ts';
import type { Language } from './language.ts';
import type { RequestFault } from './request-error.ts';
import { type ProblemCode, problemTable } from './problem-table.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/**
 * RFC 9457 reserves the document's own members. A rejection's member `status`, a reservation's status, would overwrite the HTTP
 * status, so it gets this name.
 */
const RENAMED_MEMBERS: Readonly<Record<string, string>> = { status: 'reservationStatus' };

const codes = Object.keys(problemTable).filter(isProblemCode);
/** The part of a document that does not depend on the request, up to the start of `instance`. */
const openings: Readonly<Record<Language, ReadonlyMap<ProblemCode, string>>> = {
  ko: new Map(codes.map((code) => [code, openingOf(code, 'ko')])),
  en: new Map(codes.map((code) => [code, openingOf(code, 'en')])),
};

/** The stable URI of a code. */
export function problemType(code: ProblemCode): string {
  return `urn:frontrow:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}

export function problemStatus(code: ProblemCode): number {
  return problemTable[code].status;
}

/** The problem document of a request as JSON text; `requestId` is a UUID. */
export function problemDocument(
  code: ProblemCode,
  language: Language,
  requestId: string,
  members: RejectionMembers,
): string {
  const head = `${openings[language].get(code) ?? openingOf(code, language)}${requestId}"`;
  const tail = membersText(code === 'VALIDATION_FAILED' ? wordFaults(members, language) : members);
  return tail === '' ? `${head}}` : `${head},${tail}}`;
}

function openingOf(code: ProblemCode, language: Language): string {
  const { status } = problemTable[code];
  const { title, detail } = problemTable[code][language];
  const document = { type: problemType(code), title, status, code, detail, instance: 'urn:uuid:' };
  return JSON.stringify(document).slice(0, -'"}'.length);
}

/** The members of a `VALIDATION_FAILED` with each message in the language of the answer. */
function wordFaults({ errors, ...members }: RejectionMembers, language: Language): RejectionMembers {
  const faults = Array.isArray(errors) ? (errors as readonly RequestFault[]) : [];
  return { ...members, errors: faults.map((fault) => ({ ...fault, message: faultText(fault.message, language) })) };
}

function membersText(members: RejectionMembers): string {
  let text = '';
  for (const name in members) {
    const member = members[name];
    const value = typeof member === 'number' ? member : JSON.stringify(member);
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}"${RENAMED_MEMBERS[name] ?? name}":${value}`;
  }
  return text;
}

/** Whether a text is a code of the problem table. */
export function isProblemCode(code: string): code is ProblemCode {
  return code in problemTable;
}
