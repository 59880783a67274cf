import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../runtime/clock.ts';
import type { Responder } from '../answers/responder.ts';
import { sendConstant } from '../answers/constant-answer.ts';
import { createWebFiles, isWebFile } from './web-files.ts';

/** Folders of this repository that browsers may read, each under its own name; nothing else is ever served. */
const PUBLIC_FOLDERS = ['web', 'src/client'];
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGES: Readonly<Record<string, string>> = { '/': 'web/index.html', '/ops': 'web/ops/index.html' };
/** Revalidated at every load and answered with 304: a release is visible at once, and a load costs no bytes. */
const CACHE_CONTROL = 'no-cache';

/**
 * The fan's page at `/` and the operator's at `/ops`, with their files: style sheets and pictures as they are, TypeScript
 * modules with their types stripped. The list of files is read once, here, and paths are looked up in it, so no path that a
 * caller invents reaches the file system. A page runs no foreign script and connects only to this service.
 */
export async function webPages(app: FastifyInstance, responder: Responder, clock: Clock): Promise<void> {
  const files = publicFiles();
  const readFile = createWebFiles(clock);
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

    async function answer(path: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
      if (!files.has(path)) {
        responder.refuse(reply, { code: 'ROUTE_NOT_FOUND', members: {} });
        return;
      }
      reply.header('cache-control', CACHE_CONTROL);
      sendConstant(request, reply, await readFile(join(ROOT, path)));
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

/** Paths from the repository's root, with slashes. */
function publicFiles(): ReadonlySet<string> {
  return new Set(PUBLIC_FOLDERS.flatMap((folder) => filesBelow(folder)));
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() && isWebFile(entry.name) ? [path] : [];
  });
}
