import { readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Responder } from '../answers/responder.ts';
import { varyBy } from '../answers/vary.ts';
import { createWebModules } from './web-modules.ts';

/** Folders of this repository that browsers may read, each under its own name; nothing else is ever served. */
const PUBLIC_FOLDERS = ['web', 'src/client'];
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGES: Readonly<Record<string, string>> = { '/': 'web/index.html', '/ops': 'web/ops/index.html' };
const ASSETS: ReadonlySet<string> = new Set(['.html', '.css', '.svg', '.png', '.webmanifest']);
/** Asked again at every load and answered 304: a release is seen at once, and a load costs no bytes. */
const CACHE_CONTROL = 'no-cache';

/**
 * The fan's page at `/` and the operator's at `/ops`, with what they load: style sheets and pictures as they are, TypeScript
 * modules with their types stripped. Which files there are is read once, here, and a path is looked up among them: no
 * path that a caller makes up reaches the file system. A page runs nothing and talks to nobody but this service.
 */
export async function webPages(app: FastifyInstance, responder: Responder): Promise<void> {
  const files = publicFiles();
  const readModule = createWebModules();
  await app.register(async (scope) => {
    await scope.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          // Covers WebSockets of the same origin too.
          connectSrc: ["'self'"],
          manifestSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
          requireTrustedTypesFor: ["'script'"],
          trustedTypes: ["'none'"],
        },
      },
    });
    await scope.register(fastifyStatic, { root: ROOT, serve: false, cacheControl: false, acceptRanges: false });

    async function answer(path: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
      if (!files.has(path)) {
        responder.refuse(reply, { code: 'ROUTE_NOT_FOUND', members: {} });
        return;
      }
      reply.header('cache-control', CACHE_CONTROL);
      if (extname(path) !== '.ts') {
        // Conditions of writers, who do not exist here; the library would answer one that fails with an error of its own.
        for (const condition of ['if-match', 'if-unmodified-since']) delete request.raw.headers[condition];
        reply.sendFile(path);
        return;
      }
      const { etag, plain, gzipped } = await readModule(join(ROOT, path));
      varyBy(reply, 'Accept-Encoding');
      reply.header('etag', etag).type('text/javascript; charset=utf-8');
      if (request.headers['if-none-match'] === etag) {
        reply.code(304).send();
      } else if (acceptsGzip(request.headers['accept-encoding'] ?? '')) {
        reply.header('content-encoding', 'gzip').send(gzipped);
      } else {
        reply.send(plain);
      }
    }

    for (const [url, path] of Object.entries(PAGES)) {
      scope.get(url, { schema: { hide: true } }, async (request, reply) => {
        await answer(path, request, reply);
        return reply;
      });
    }
    for (const folder of PUBLIC_FOLDERS) {
      scope.get<{ Params: { '*': string } }>(`/${folder}/*`, { schema: { hide: true } }, async (request, reply) => {
        await answer(`${folder}/${request.params['*']}`, request, reply);
        return reply;
      });
    }
  });
}

/** As RFC 9110 12.5.3 has it: named, and not with a weight of 0. */
function acceptsGzip(accepted: string): boolean {
  return accepted.split(',').some((coding) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)|$)/i.test(coding));
}

/** Paths from the repository's root, with slashes. */
function publicFiles(): ReadonlySet<string> {
  return new Set(PUBLIC_FOLDERS.flatMap((folder) => filesBelow(folder)));
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path);
    const isPublic = entry.isFile() && (ASSETS.has(extname(path)) || /^[a-z0-9-]+\.ts$/.test(entry.name));
    return isPublic ? [path] : [];
  });
}
