import type { FastifyRequest } from 'fastify';
import type { Export, ExportedRow, ExportedTable } from '../../domain/exports.ts';
import { isoOf } from '../../domain/instant.ts';
import { createExportStream } from '../answers/export-stream.ts';
import { EXPORT_FORMS } from '../answers/export-text.ts';
import { ExportParams, OfConcertQuery } from '../schemas/reports.ts';
import type { App, Services } from '../services.ts';
import { concertsOf } from './reports.ts';

const AS_FILE = {
  200: {
    description: 'The file',
    content: {
      'text/csv': { schema: { type: 'string' } },
      'application/x-ndjson': { schema: { type: 'string' } },
    },
  },
} as const;

/** Longer than the statement of a page may take: a page of a small concert may pass over a large table. */
const PAGE_LIMIT_MS = 100_000;

/** The names of a seat, which the rows of reservations get from the schedule's plan. */
const SEAT_NAMES = ['seatLabel', 'section', 'row'] as const;

/** Routes that answer with whole tables, row by row. */
export function exportRoutes(app: App, services: Services): void {
  const { catalogue, clock, databaseClock, exports, guards, responder, seatNames } = services;

  // A caller that reads slowly would hold up the stop; it can repeat the request.
  app.addHook('preClose', (done) => {
    exports.close();
    done();
  });

  app.get(
    '/admin/exports/:file',
    {
      schema: {
        operationId: 'exportTable',
        summary: 'Payments, reservations, ledger or queue as a file',
        description:
          'All rows are of one snapshot. CSV is RFC 4180 in UTF-8 with a byte order mark, a row of names, and an apostrophe before texts that a spreadsheet would compute; NDJSON has an object on each line. An answer that ends early was cut off by a failure and is not complete. A node serves two exports at a time.',
        tags: ['admin'],
        params: ExportParams,
        querystring: OfConcertQuery,
      },
      config: { guard: 'admin', refuses: ['CONCERT_NOT_FOUND', 'EXPORT_LIMIT_REACHED'], answers: AS_FILE },
    },
    async (request, reply) => {
      const admin = await guards.admin(request);
      if (!admin.ok) return responder.refuse(reply, admin.rejection);
      const concertIds = await concertsOf(catalogue, request.query.concertId, admin.value);
      if (!concertIds.ok) return responder.refuse(reply, concertIds.rejection);
      const [table, format] = request.params.file.split('.') as [ExportedTable, keyof typeof EXPORT_FORMS];
      const form = EXPORT_FORMS[format];
      const describe = () =>
        reply.type(form.mediaType).header('content-disposition', `attachment; filename="${fileNameOf(request)}"`);
      if (request.method === 'HEAD') return describe().send('');

      // The statement of a page has limits of its own; a caller that stops reading is noticed by the stream.
      reply.raw.setTimeout(PAGE_LIMIT_MS);
      const source = await exports.open(table, concertIds.value);
      if (source === null) return responder.refuse(reply, { code: 'EXPORT_LIMIT_REACHED', members: {} });
      const first = await firstPageOf(source);
      const isOfSeats = table === 'reservations';
      const columns = isOfSeats ? [...source.columns, ...SEAT_NAMES] : source.columns;
      const complete = isOfSeats ? nameSeats : async (rows: readonly ExportedRow[]) => rows;
      return describe().send(createExportStream({ source, first, form, columns, complete, clock }));
    },
  );

  async function nameSeats(rows: readonly ExportedRow[]): Promise<readonly ExportedRow[]> {
    const named: ExportedRow[] = [];
    for (const row of rows) {
      const nameSeat = await seatNames.of(Number(row['scheduleId']));
      const { seatLabel, section, row: rowLabel } = nameSeat(Number(row['seatNumber']));
      named.push({ ...row, seatLabel, section, row: rowLabel });
    }
    return named;
  }

  /** Such as frontrow-concert-7-payments-2026-11-24.csv. */
  function fileNameOf({
    params,
    query,
  }: FastifyRequest<{ Params: { file: string }; Querystring: { concertId?: string } }>) {
    const [table, format] = params.file.split('.');
    const concert = query.concertId === undefined ? '' : `concert-${query.concertId}-`;
    return `frontrow-${concert}${table}-${isoOf(databaseClock.lowerMs()).slice(0, 10)}.${format}`;
  }
}

/** Read before the answer begins, so that a database that does not answer gives a problem in place of a file. */
async function firstPageOf(source: Export): Promise<readonly ExportedRow[]> {
  try {
    return await source.next();
  } catch (error) {
    source.close();
    throw error;
  }
}
