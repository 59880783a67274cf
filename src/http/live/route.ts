import { addressOf } from '../hooks/caller-address.ts';
import websocket, { type WebsocketPluginOptions } from '@fastify/websocket';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import type { Closing } from '../hooks/graceful-close.ts';
import { negotiateLanguage } from '../answers/language.ts';
import { malformed } from '../answers/request-error.ts';
import { NoQuery } from '../schemas/basics.ts';
import type { App, Services } from '../services.ts';
import { FRAME_LIMIT_BYTES } from './frame-reader.ts';
import type { Live } from './live.ts';
import { LiveSession } from './live-session.ts';

/** Limits that the library has and its types lack; each bounds the memory that a peer can occupy. */
const SOCKET_OPTIONS = {
  maxPayload: FRAME_LIMIT_BYTES,
  /** A frame of 4 KiB needs no fragments. */
  maxFragments: 16,
  /** Answers to pings of a peer that reads nothing. */
  maxPendingAutoPongs: 16,
  perMessageDeflate: false,
  clientTracking: false,
  closeTimeout: 2_000,
};

/** A list of tokens (RFC 9110); the library answers any other value by itself. */
const SUBPROTOCOLS = /^[-!#$%&'*+.^_`|~\w]+(?:[\t ]*,[\t ]*[-!#$%&'*+.^_`|~\w]+)*$/;
/** 16 bytes in base64. */
const HANDSHAKE_KEY = /^[+/0-9A-Za-z]{22}==$/;
const PATH = '/live';

const DESCRIPTION = `A WebSocket of text frames, one JSON object each. The first frame is a hello with an access token or a queue token;
then the seats of schedules and the place in the queue can be subscribed to. Tokens never travel in the address.`;

/** Whether a request asks to upgrade to WebSocket on the live path. */
export function isLiveUpgrade({ method, url, headers }: IncomingMessage, prefix: string): boolean {
  // Every request comes by here, and nearly all of them lack this header.
  if (headers.upgrade?.toLowerCase() !== 'websocket') return false;
  return method === 'GET' && url?.split('?', 1)[0] === `${prefix}${PATH}`;
}

/**
 * Ends the connection of every refused upgrade. Node no longer supervises such a connection, so after an answer alone it would
 * stay open for ever and keep the server from closing. Some refusals come before the route: under load, while stopping, because
 * of a header.
 */
export function endRefusedUpgrades(app: App, prefix: string): void {
  app.addHook('onResponse', ({ raw }, _reply, done) => {
    if (isLiveUpgrade(raw, prefix)) raw.socket.destroySoon();
    done();
  });
}

/** `GET /live`: upgraded to a WebSocket, or refused with a problem document. */
export async function liveRoute(
  api: App,
  { responder, options }: Services,
  { live, closing }: { readonly live: Live; readonly closing: Closing },
): Promise<void> {
  const pluginOptions: WebsocketPluginOptions = {
    options: SOCKET_OPTIONS,
    // The live parts close the sockets earlier; the server's own listener ends with the server.
    preClose: (done) => done(),
    // The library answers protocol errors and closes the socket, whose end is counted there.
    errorHandler: () => undefined,
  };

  await api.register(async (scope: App) => {
    await scope.register(websocket, pluginOptions);
    scope.route({
      method: 'GET',
      url: PATH,
      schema: {
        operationId: 'openLiveConnection',
        summary: 'Live seat maps and queue positions',
        description: DESCRIPTION,
        tags: ['live'],
        querystring: NoQuery,
      },
      config: {
        refuses: ['UPGRADE_REQUIRED', 'FORBIDDEN'],
        answers: { 101: { type: 'null', description: 'The connection is a WebSocket from here on.' } },
      },
      preHandler(request, reply, done) {
        if (!request.ws || !refuseUpgrade(request, reply)) done();
      },
      handler(_request, reply) {
        askForUpgrade(reply);
      },
      wsHandler: (socket, request) => open(socket, request),
    });
  });

  function askForUpgrade(reply: FastifyReply): void {
    // Without `close` this header would keep open a connection that the caller wants closed.
    reply.header('upgrade', 'websocket').header('connection', 'upgrade, close').header('sec-websocket-version', '13');
    responder.refuse(reply, { code: 'UPGRADE_REQUIRED', members: {} });
  }

  /** Refuses a caller that may not open a socket, while HTTP can still carry the reason. */
  function refuseUpgrade(request: FastifyRequest, reply: FastifyReply): boolean {
    const { headers } = request.raw;
    if (headers['sec-websocket-version'] !== '13') {
      askForUpgrade(reply);
      return true;
    }
    if (!HANDSHAKE_KEY.test(headers['sec-websocket-key'] ?? '')) {
      const members = malformed('header', '/sec-websocket-key', 'is not a key of RFC 6455');
      responder.refuse(reply, { code: 'VALIDATION_FAILED', members });
      return true;
    }
    if (!areSubprotocols(headers['sec-websocket-protocol'])) {
      const members = malformed('header', '/sec-websocket-protocol', 'is not a list of different names');
      responder.refuse(reply, { code: 'VALIDATION_FAILED', members });
      return true;
    }
    if (!isOriginAllowed(request, options.allowedOrigins)) {
      responder.refuse(reply, { code: 'FORBIDDEN', members: {} });
      return true;
    }
    // The node would close the socket within moments, and a balancer finds another node.
    switch (closing.hasBegun() ? 'OVERLOADED' : live.sockets.refusalOf(addressOf(request))) {
      case 'OVERLOADED':
        responder.fail(reply, 'OVERLOADED', 'none');
        return true;
      case 'RATE_LIMITED':
        responder.refuse(reply, { code: 'RATE_LIMITED', members: {} });
        return true;
      case null:
        return false;
    }
  }

  /** Attaches all listeners in the turn of the upgrade: a frame that came with it would be lost otherwise. */
  function open(socket: WebSocket, request: FastifyRequest): void {
    const language = negotiateLanguage(request.raw.headers['accept-language']);
    const session = new LiveSession(socket, live.session, { address: addressOf(request), language });
    const attempt = (run: () => void): void => {
      try {
        run();
      } catch (error) {
        session.fail(error);
      }
    };
    socket.on('message', (data, isBinary) => attempt(() => session.receive(data, isBinary)));
    socket.on('ping', () => attempt(() => session.hear(true)));
    socket.on('pong', () => attempt(() => session.hear(false)));
    socket.on('close', (code) => {
      attempt(() => session.release());
      live.sockets.remove(session, code);
    });
    live.sockets.add(session);
  }
}

function areSubprotocols(header: string | undefined): boolean {
  if (header === undefined) return true;
  const names = header.split(',').map((name) => name.trim());
  return SUBPROTOCOLS.test(header) && new Set(names).size === names.length;
}

/**
 * Whether a page may open a socket: pages of the service's own origin and of the allowed ones may, by exact match. Browsers
 * send the origin but no preflight request, so this check is what keeps the pages of other sites out. A client that sends no
 * origin is no browser. A request without a host matches no own origin.
 */
function isOriginAllowed(request: FastifyRequest, allowedOrigins: readonly string[]): boolean {
  const { origin } = request.raw.headers;
  if (origin === undefined) return true;
  const isOwn = request.host !== '' && origin === `${request.protocol}://${request.host}`;
  return isOwn || allowedOrigins.includes(origin);
}
