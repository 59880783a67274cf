import { type Static, Type } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { type Admin, admitsConcert } from '../../domain/admin.ts';
import type { ConcertChange } from '../../domain/catalogue-edits.ts';
import type { Rejection } from '../../domain/errors.ts';
import { refuseEdit, reloadOwners, stampOf } from '../answers/admin-act.ts';
import { viewAdminConcert } from '../answers/concert-views.ts';
import { ADMIN_CONCERTS_LIST, nextCursorOf, readPageQuery } from '../answers/cursor.ts';
import {
  AdminConcert,
  AdminConcertPage,
  ConcertChange as ConcertChangeBody,
  VersionHeaders,
} from '../schemas/admin.ts';
import { AdminPageQuery } from '../schemas/admin-keys.ts';
import { NoBody, NoQuery, PathId, refer } from '../schemas/basics.ts';
import { canonicalTimeZone, normaliseText } from '../schemas/formats.ts';
import type { App, Services } from '../services.ts';

const ConcertParams = Type.Object({ concertId: PathId });

const CONCERT_NOT_FOUND: Rejection = { code: 'CONCERT_NOT_FOUND', members: {} };
const GONE = { 204: { type: 'null', description: 'It is deleted.' } } as const;

/** Routes that show organisers their concerts, and change them. */
export function adminCatalogueRoutes(app: App, services: Services): void {
  const { catalogue, edits, guards, responder, room } = services;

  app.get(
    '/admin/concerts',
    {
      schema: {
        operationId: 'listAllConcerts',
        summary: 'All concerts with their dates, past and future, newest first',
        description: 'Closed and past dates are listed too. A key that is limited to concerts gets these.',
        tags: ['admin'],
        querystring: AdminPageQuery,
        response: { 200: AdminConcertPage },
      },
      config: { guard: 'admin' },
    },
    async (request, reply) => {
      const query = readPageQuery(request.query, ADMIN_CONCERTS_LIST, '');
      if (!query.ok) return responder.refuse(reply, query.rejection);
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const before = Number(query.value.after ?? Number.MAX_SAFE_INTEGER);
      const concerts = (await catalogue.listConcerts())
        .filter(({ concertId }) => concertId < before && admitsConcert(admin.value, concertId))
        .toSorted((one, other) => other.concertId - one.concertId);
      const items = concerts.slice(0, query.value.limit);
      const hasMore = concerts.length > items.length;
      const page = { items, nextCursor: hasMore ? String(items.at(-1)?.concertId) : null };
      const views = items.map(async (concert) =>
        viewAdminConcert(concert, await catalogue.listSchedules(concert.concertId)),
      );
      reply.send({ concerts: await Promise.all(views), nextCursor: nextCursorOf(page, ADMIN_CONCERTS_LIST, '') });
    },
  );

  app.get(
    '/admin/concerts/:concertId',
    {
      schema: {
        operationId: 'findConcertAsOrganiser',
        summary: 'A concert with its dates; its version is the ETag',
        description: 'A change of the concert names the version in If-Match.',
        tags: ['admin'],
        params: ConcertParams,
        querystring: NoQuery,
        response: { 200: refer(AdminConcert) },
      },
      config: { guard: 'admin', refuses: ['CONCERT_NOT_FOUND'] },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      await answerConcert(reply, admin.value, Number(request.params.concertId));
    },
  );

  app.patch(
    '/admin/concerts/:concertId',
    {
      schema: {
        operationId: 'changeConcert',
        summary: 'Change a concert',
        description:
          'Times may move while fans wait: holds, refunds and the queue follow the new ones from the answer on.',
        tags: ['admin'],
        params: ConcertParams,
        body: ConcertChangeBody,
        querystring: NoQuery,
        headers: VersionHeaders,
        response: { 200: refer(AdminConcert) },
      },
      config: { guard: 'admin', refuses: ['CONCERT_NOT_FOUND', 'VERSION_REQUIRED', 'VERSION_STALE'] },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const concertId = Number(request.params.concertId);
      if (!admitsConcert(admin.value, concertId)) return responder.refuse(reply, CONCERT_NOT_FOUND);
      const versions = versionsOf(request.headers['if-match']);
      if (versions === undefined) {
        const isKnown = (await catalogue.readConcert(concertId)) !== null;
        return responder.refuse(reply, isKnown ? { code: 'VERSION_REQUIRED', members: {} } : CONCERT_NOT_FOUND);
      }
      const change = readConcertChange(request.body);
      const changed = await edits.changeConcert(concertId, change, versions, stampOf(request, admin.value));
      if (changed.outcome !== 'granted') return refuseEdit(responder, reply, changed);
      room.notePolicyChanged(concertId);
      await reloadOwners(services, changed.value.raised);
      await answerConcert(reply, admin.value, concertId);
    },
  );

  app.delete(
    '/admin/concerts/:concertId',
    {
      schema: {
        operationId: 'deleteConcert',
        summary: 'Delete a concert of which no seat was ever reserved',
        description: 'Its dates and its queue are deleted with it.',
        tags: ['admin'],
        params: ConcertParams,
        body: NoBody,
        querystring: NoQuery,
      },
      config: { guard: 'admin', refuses: ['CONCERT_NOT_FOUND', 'HAS_RESERVATIONS'], answers: GONE },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const concertId = Number(request.params.concertId);
      if (!admitsConcert(admin.value, concertId)) return responder.refuse(reply, CONCERT_NOT_FOUND);
      const deleted = await edits.deleteConcert(concertId, stampOf(request, admin.value));
      if (deleted.outcome !== 'granted') return refuseEdit(responder, reply, deleted);
      room.notePolicyChanged(concertId);
      reply.code(204).send();
    },
  );

  async function answerConcert(reply: FastifyReply, admin: Admin, concertId: number): Promise<void> {
    const concert = admitsConcert(admin, concertId) ? await catalogue.readConcert(concertId) : null;
    if (concert === null) return responder.refuse(reply, CONCERT_NOT_FOUND);
    const view = viewAdminConcert(concert, await catalogue.listSchedules(concertId));
    reply.header('etag', `"${concert.version}"`).send(view);
  }
}

/** The versions that `If-Match` names; null for any, undefined without the header. */
function versionsOf(header: string | undefined): readonly number[] | null | undefined {
  if (header === undefined) return undefined;
  return header === '*' ? null : Array.from(header.matchAll(/"(\d+)"/g), ([, version]) => Number(version));
}

function readConcertChange(body: Static<typeof ConcertChangeBody>): ConcertChange {
  const { title, artist, venue, timeZone, bookingOpensAt, bookingClosesAt, queue } = body;
  const zone = timeZone === undefined ? null : canonicalTimeZone(timeZone);
  return {
    ...(title === undefined ? {} : { title: normaliseText(title) }),
    ...(artist === undefined ? {} : { artist: normaliseText(artist) }),
    ...(venue === undefined ? {} : { venue: normaliseText(venue) }),
    ...(zone === null ? {} : { timeZone: zone }),
    ...(bookingOpensAt === undefined ? {} : { bookingOpensAtMs: Date.parse(bookingOpensAt) }),
    ...(bookingClosesAt === undefined ? {} : { bookingClosesAtMs: Date.parse(bookingClosesAt) }),
    ...(queue === undefined ? {} : { queue }),
  };
}
