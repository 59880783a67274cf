import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { documentText } from './openapi.ts';
import { type ConstantAnswer, createConstantAnswer, sendConstant } from '../answers/constant-answer.ts';
import { createReferenceScript } from './reference-script.ts';
import { OWN_ORIGIN_ONLY } from './web-pages.ts';

const SCRIPT_URL = '/docs/assets/js/scalar.js';
/** The script is 4 MiB and changes only with a release. */
const SCRIPT_CACHE_CONTROL = 'public, max-age=86400';
/** Revalidated each time, and answered with 304 until the next release. */
const DOCUMENT_CACHE_CONTROL = 'no-cache';

/** `GET /openapi.json`, built from the routes once. */
function openapiRoute(app: FastifyInstance): void {
  let document: Promise<ConstantAnswer> | null = null;
  app.get('/openapi.json', { schema: { hide: true } }, async (request, reply) => {
    document ??= createConstantAnswer('application/json; charset=utf-8', documentText(app.swagger()));
    sendConstant(request, reply.header('cache-control', DOCUMENT_CACHE_CONTROL), await document);
    return reply;
  });
}

/**
 * `GET /docs`: a page that shows the OpenAPI document and sends requests. The service itself serves the script; the page runs no
 * other. Inline styles are allowed: Scalar's editor adds style elements without a nonce, and shows no answer without them.
 */
export async function documentRoutes(app: FastifyInstance): Promise<void> {
  const readScript = createReferenceScript();
  openapiRoute(app);
  await app.register(async (scope) => {
    await scope.register(helmet, {
      // Set where it is true, with the headers that all answers share.
      strictTransportSecurity: false,
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { ...OWN_ORIGIN_ONLY, styleSrc: ["'self'", "'unsafe-inline'"], fontSrc: ["'self'", 'data:'] },
      },
    });
    scope.get('/docs', { schema: { hide: true } }, (_request, reply) => {
      reply.header('content-type', 'text/html; charset=utf-8').send(PAGE);
    });
    scope.get(SCRIPT_URL, { schema: { hide: true } }, async (request, reply) => {
      const script = await readScript();
      sendConstant(request, reply.header('cache-control', SCRIPT_CACHE_CONTROL), script);
      return reply;
    });
  });
}

/** Nothing on the page leads to a third party's service. */
const CONFIGURATION = JSON.stringify({
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
});

/** Scalar takes the document from the script's attribute. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>frontrow API</title>
  </head>
  <body>
    <script id="api-reference" data-url="/openapi.json" data-configuration='${CONFIGURATION}'></script>
    <script src="${SCRIPT_URL}"></script>
    <noscript><a href="/openapi.json">/openapi.json</a></noscript>
  </body>
</html>
`;
