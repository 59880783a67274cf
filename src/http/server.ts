import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { LogController } from 'fastify';
import { answerClientError } from './hooks/client-error.ts';
import { spreadPipelines } from './hooks/pipelined-requests.ts';
import { capConnections, type ConnectionLimits } from './hooks/connection-caps.ts';
import type { ErrorHandler } from './answers/error-handler.ts';
import { REQUEST_ID_HEADER } from './hooks/stamp-answers.ts';
import { formats } from './schemas/formats.ts';
import { buildValidator } from './answers/all-errors.ts';
import type { App } from './services.ts';

/** The contract's limit of a body. */
const BODY_LIMIT_BYTES = 65_536;
/** Together with the intervals below this stopped every slow client in the tests. */
const MAX_HEADER_BYTES = 8_192;
const HEADERS_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECTIONS_CHECKING_INTERVAL_MS = 500;
/** Longer than any request may wait for its answer (10 s). A peer that reads moves bytes more often. */
const NO_PROGRESS_MS = 15_000;
/** A queue token in a path is about 90 characters long. */
const MAX_PARAM_LENGTH = 256;

/**
 * A Fastify instance with the limits of HTTP and of input, and no routes. It has no logger: a child logger with listeners for
 * each request would cost as much as a refusal. The responder logs what needs a line.
 */
export function createServer({
  trustProxy,
  handleError,
  mayUpgrade,
  connections,
  onConnectionRefused,
  noProgressMs = NO_PROGRESS_MS,
}: {
  trustProxy: readonly string[];
  handleError: ErrorHandler;
  /** Which requests may upgrade to another protocol; the others are answered as ordinary requests. */
  mayUpgrade: (request: IncomingMessage) => boolean;
  connections: ConnectionLimits;
  onConnectionRefused: (limit: keyof ConnectionLimits) => void;
  /**
   * A connection ends when neither side moves a byte for this long. Otherwise a peer that never reads keeps its answer in
   * memory.
   */
  noProgressMs?: number;
}): App {
  const app = fastify({
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: trustProxy.length === 0 ? false : [...trustProxy],
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: noProgressMs,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECKING_INTERVAL_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Node's own answer to a missing Host has no body; this service sends a problem document.
      requireHostHeader: false,
      shouldUpgradeCallback: mayUpgrade,
    },
    // The framework's own answer is no problem document; `shedLoad` refuses requests while closing.
    return503OnClosing: false,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    schemaController: { compilersFactory: { buildValidator } },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allowUnionTypes: true,
      },
      onCreate(ajv) {
        for (const [name, validate] of Object.entries(formats)) ajv.addFormat(name, validate);
      },
    },
    // Called before there is a route, so no hook has stamped the answer.
    frameworkErrors(error, request, reply) {
      reply.header(REQUEST_ID_HEADER, request.id);
      handleError(error, request, reply);
    },
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  capConnections(app.server, { ...connections, trustProxy, onRefused: onConnectionRefused });
  spreadPipelines(app.server);
  // A server may ignore an unknown expectation (RFC 9110 10.1.1); Node would refuse it without a problem document.
  app.server.on('checkExpectation', (request, response) => app.routing(request, response));
  // The server tunnels nothing; without a listener Node would cut the connection without an answer.
  app.server.on('connect', (_request, socket: Socket) => answerClientError(new Error('CONNECT'), socket));
  return app;
}
