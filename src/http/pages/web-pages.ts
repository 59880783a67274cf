import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Responder } from '../answers/responder.ts';
import { type ConstantAnswer, sendConstant } from '../answers/constant-answer.ts';
import { answerLanguage, type Language } from '../answers/language.ts';
import type { SendUnknownPage } from '../answers/not-found.ts';
import { varyBy } from '../answers/vary.ts';
import { ASSETS_PATH, buildWeb, type WebBuild, withoutHash } from './web-build.ts';

const PAGES: Readonly<Record<string, string>> = {
  '/': 'web/index.html',
  '/ops': 'web/ops/index.html',
  '/manifest.webmanifest': 'web/manifest.webmanifest',
};
const UNKNOWN_PAGES: Readonly<Record<Language, string>> = { ko: 'web/not-found/ko.html', en: 'web/not-found/en.html' };
/** Revalidated at every load and answered with 304: a release is visible at once. */
const PAGE_CACHE_CONTROL = 'no-cache';
/** The content of a hashed name never changes, so that a reload asks for the page alone. */
const ASSET_CACHE_CONTROL = 'public, max-age=31536000, immutable';

/** Directives under which a page loads from this service alone. `connectSrc` covers its WebSockets too. */
export const OWN_ORIGIN_ONLY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** The page for an unknown address has no other source of content than the pages, and no script but the theme's. */
const UNKNOWN_PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * The fan's page at `/` and the operator's at `/ops`, with their bundled files below `/assets/`. They are built on the first
 * request, because most processes of a test or a drill never serve a page. Paths are looked up among the built names, so no path
 * that a caller invents reaches the file system. A page runs no foreign script and connects only to this service.
 *
 * During a rolling update a page of one release may ask a node of another for its files. That node answers with its own release's
 * file of that name, which browsers must not keep; a 404 would leave the page empty.
 */
export async function webPages(app: FastifyInstance, responder: Responder): Promise<SendUnknownPage> {
  let building: Promise<WebBuild> | null = null;
  function built(): Promise<WebBuild> {
    building ??= buildWeb([...Object.values(PAGES), ...Object.values(UNKNOWN_PAGES)]).catch((error: unknown) => {
      // The next request retries.
      building = null;
      throw error;
    });
    return building;
  }

  await app.register(async (scope) => {
    await scope.register(helmet, {
      // Set where it is true, with the headers that all answers share.
      strictTransportSecurity: false,
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          ...OWN_ORIGIN_ONLY,
          fontSrc: ["'self'"],
          manifestSrc: ["'self'"],
          requireTrustedTypesFor: ["'script'"],
          trustedTypes: ["'none'"],
        },
      },
    });

    function answer(
      request: FastifyRequest,
      reply: FastifyReply,
      found: ConstantAnswer | undefined,
      cacheControl: string,
    ): FastifyReply {
      if (found === undefined) responder.refuse(reply, { code: 'ROUTE_NOT_FOUND', members: {} });
      else sendConstant(request, reply.header('cache-control', cacheControl), found);
      return reply;
    }

    for (const [url, source] of Object.entries(PAGES)) {
      scope.get(url, { schema: { hide: true } }, async (request, reply) => {
        const { pages } = await built();
        return answer(request, reply, pages.get(source), PAGE_CACHE_CONTROL);
      });
    }
    scope.get<{ Params: { '*': string } }>(`${ASSETS_PATH}*`, { schema: { hide: true } }, async (request, reply) => {
      const { assets, current } = await built();
      const name = request.params['*'];
      const exact = assets.get(name);
      return exact === undefined
        ? answer(request, reply, current.get(withoutHash(name)), PAGE_CACHE_CONTROL)
        : answer(request, reply, exact, ASSET_CACHE_CONTROL);
    });
  });

  return async (reply) => {
    const { pages } = await built();
    const page = pages.get(UNKNOWN_PAGES[answerLanguage(reply)]);
    if (page === undefined) throw new Error('the page for unknown addresses was not built');
    varyBy(reply, 'Accept');
    reply.code(404).header('cache-control', PAGE_CACHE_CONTROL).header('content-security-policy', UNKNOWN_PAGE_POLICY);
    reply.header('x-content-type-options', 'nosniff').type(page.type).send(page.plain);
  };
}
