import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Fault, Refusal, type Rejection, type RejectionCode } from '../../domain/errors.ts';
import { errorsOfBestFit, wordsOf } from './fault-words.ts';
import { malformed, RequestError, type RequestFault, type RequestPart } from './request-error.ts';
import type { Responder } from './responder.ts';

/** The longest piece of the caller's own text that an error repeats. */
const ECHO_LIMIT = 100;
/** The most errors that one answer lists; a body of 64 KiB could contain thousands. */
const ERRORS_LISTED = 20;

const PARTS: Readonly<Record<string, RequestPart>> = {
  body: 'body',
  params: 'path',
  querystring: 'query',
  headers: 'header',
};

/** The framework's own refusals, by its codes. */
const FRAMEWORK_REFUSALS: Readonly<Record<string, RejectionCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_MAX_PARAM_LENGTH: 'URI_TOO_LONG',
};

/** Refusals of libraries, by status; any other 4xx is a malformed request. */
export const REFUSALS_BY_STATUS: Readonly<Record<number, RejectionCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'ROUTE_NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  426: 'UPGRADE_REQUIRED',
  429: 'RATE_LIMITED',
  431: 'HEADERS_TOO_LARGE',
};

export type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** Turns every thrown error, the service's or the framework's, into a problem document. */
export function createErrorHandler(responder: Responder): ErrorHandler {
  return (error, _request, reply) => {
    if (error instanceof Fault) {
      responder.failed(reply, error);
      return;
    }
    const rejection = rejectionOf(error);
    if (rejection === null) responder.broken(reply, error);
    else responder.refuse(reply, rejection);
  };
}

function rejectionOf(error: unknown): Rejection | null {
  if (error instanceof Refusal) return error.rejection;
  if (error instanceof RequestError) return { code: error.code, members: error.members };
  if (!isFastifyError(error)) return rejectionByStatus(error);
  if (error.validation !== undefined) return { code: 'VALIDATION_FAILED', members: { errors: placesOf(error) } };
  const code = FRAMEWORK_REFUSALS[error.code];
  if (code !== undefined) return { code, members: {} };
  switch (error.code) {
    case 'FST_ERR_BAD_URL':
      return { code: 'VALIDATION_FAILED', members: malformed('path', '', 'is not well-formed') };
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return { code: 'VALIDATION_FAILED', members: malformed('body', '', 'is not JSON') };
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return { code: 'VALIDATION_FAILED', members: malformed('header', '/content-length', 'does not fit the body') };
    default:
      // The body's stream ended early: the caller has gone, or sent less than it announced.
      return error.statusCode === 400
        ? { code: 'VALIDATION_FAILED', members: malformed('body', '', 'broke off') }
        : rejectionByStatus(error);
  }
}

function rejectionByStatus(error: unknown): Rejection | null {
  if (!(error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')) return null;
  const { statusCode } = error;
  if (statusCode < 400 || statusCode > 499) return null;
  const code = REFUSALS_BY_STATUS[statusCode];
  return code === undefined ? { code: 'VALIDATION_FAILED', members: { errors: [] } } : { code, members: {} };
}

function placesOf(error: FastifyError): readonly RequestFault[] {
  const part = PARTS[error.validationContext ?? ''] ?? 'body';
  return errorsOfBestFit(error.validation ?? [])
    .slice(0, ERRORS_LISTED)
    .map((each) => {
      const { instancePath, params } = each;
      const member = params['additionalProperty'] ?? params['missingProperty'];
      const path = typeof member === 'string' ? `${instancePath}/${member.slice(0, ECHO_LIMIT)}` : instancePath;
      return { in: part, path, message: wordsOf(each) };
    });
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
