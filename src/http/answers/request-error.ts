import type { FaultWords, FixedFault } from './fault-words.ts';
import type { RejectionCode, RejectionMembers } from '../../domain/errors.ts';

/** The parts of a request that `errors[]` of a problem can point into. */
export type RequestPart = 'body' | 'path' | 'query' | 'header';

/** An entry of `errors[]`. */
export interface RequestFault {
  readonly in: RequestPart;
  /** A JSON pointer into the part. */
  readonly path: string;
  readonly message: FixedFault | FaultWords;
}

/** A refusal from within the framework, where only an error can carry it. */
export class RequestError extends Error {
  readonly code: RejectionCode;
  readonly members: RejectionMembers;

  constructor(code: RejectionCode, members: RejectionMembers = {}) {
    super(code);
    this.name = 'RequestError';
    this.code = code;
    this.members = members;
  }

  /** `path` is a JSON pointer into the part. */
  static malformed(part: RequestPart, path: string, message: FixedFault | FaultWords): RequestError {
    return new RequestError('VALIDATION_FAILED', malformed(part, path, message));
  }
}

/** The members of a `VALIDATION_FAILED` that names one place. */
export function malformed(part: RequestPart, path: string, message: FixedFault | FaultWords): RejectionMembers {
  const fault: RequestFault = { in: part, path, message };
  return { errors: [fault] };
}
