import helmet from '@fastify/helmet';
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { documentText } from './openapi.ts';
import type { Responder } from '../answers/responder.ts';

const ASSETS_PREFIX = '/docs/assets';
const SCRIPT_URL = `${ASSETS_PREFIX}/js/scalar.js`;
/** The script is 4 MiB and changes only with a release. */
const SCRIPT_CACHE_CONTROL = 'public, max-age=86400';

/** `GET /openapi.json`, gathered from the routes once. */
function openapiRoute(app: FastifyInstance): void {
  let document: string | null = null;
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    document ??= documentText(app.swagger());
    reply.header('content-type', 'application/json; charset=utf-8').send(document);
  });
}

/**
 * `GET /docs`: a page to read the OpenAPI document. The script comes from the service itself and nothing else may run:
 * neither inline script nor inline style without the nonce of this one answer.
 */
export async function documentRoutes(app: FastifyInstance, responder: Responder): Promise<void> {
  openapiRoute(app);
  await app.register(async (scope) => {
    await scope.register(helmet, {
      enableCSPNonces: true,
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'", 'data:'],
          connectSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
    });
    scope.get('/docs', { schema: { hide: true } }, (_request, reply) => {
      reply.header('content-type', 'text/html; charset=utf-8').send(pageOf(reply.cspNonce.style));
    });
    await scope.register(scalar, {
      routePrefix: ASSETS_PREFIX,
      configuration: { url: '/openapi.json' },
      hooks: {
        // Of the plugin only the script is wanted; the page is ours.
        onRequest(request, reply, done) {
          if (request.routeOptions.url !== SCRIPT_URL) {
            responder.refuse(reply, { code: 'ROUTE_NOT_FOUND', members: {} });
            return;
          }
          reply.header('cache-control', SCRIPT_CACHE_CONTROL);
          done();
        },
      },
    });
  });
}

/** Nothing on the page leads to a service of somebody else's. */
const CONFIGURATION = JSON.stringify({
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
});

/** Scalar finds its document by the script's attribute and gives its style the nonce of the meta element. */
function pageOf(styleNonce: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta property="csp-nonce" content="${styleNonce}">
    <title>frontrow API</title>
  </head>
  <body>
    <script id="api-reference" data-url="/openapi.json" data-configuration='${CONFIGURATION}'></script>
    <script src="${SCRIPT_URL}"></script>
    <noscript><a href="/openapi.json">/openapi.json</a></noscript>
  </body>
</html>
`;
}
