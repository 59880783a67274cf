import type { Static } from '@fastify/type-provider-typebox';
import { isoOf } from '../../domain/instant.ts';
import type { SellOut } from '../../domain/sell-outs.ts';
import { NOT_MODIFIED, sendConstant } from '../answers/constant-answer.ts';
import { createListingCache, LISTING_CACHE_CONTROL } from '../answers/listing-cache.ts';
import { ConditionalHeaders } from '../schemas/catalogue.ts';
import { type RankedSellOut, RankingQuery, SellOutRanking } from '../schemas/rankings.ts';
import type { App, Services } from '../services.ts';

const DAYS = { '1d': 1, '7d': 7, '30d': 30 } as const;
const DEFAULT_WINDOW = '7d';
/** The whole ranking is one page. */
const WHOLE = { limit: 1, after: null };
const MS_PER_SECOND = 1_000;

/** The ranking of the fastest sell-outs, which needs no token. */
export function rankingRoutes(app: App, { catalogue, clock, sellOuts }: Services): void {
  const listings = createListingCache({ clock, changes: () => catalogue.changes });

  app.get(
    '/concerts/rankings/sold-out',
    {
      schema: {
        operationId: 'listSellOuts',
        summary: 'The fastest sell-outs of the last days',
        description:
          'Dates of concerts whose last seat was paid within the window, the fastest first, at most 100. A date counts from its first sell-out: no seat is free or on hold, seats that are not for sale aside. All at most 3 s old; needs no token.',
        tags: ['catalogue'],
        querystring: RankingQuery,
        headers: ConditionalHeaders,
        response: { 200: SellOutRanking },
      },
      config: { answers: NOT_MODIFIED },
    },
    async (request, reply) => {
      const window = request.query.window ?? DEFAULT_WINDOW;
      const answer = await listings.get(`sold-out ${window}`, WHOLE, async () => {
        const found = await sellOuts.fastest(DAYS[window]);
        return { window, rankings: found.map(viewSellOut) };
      });
      reply.header('cache-control', LISTING_CACHE_CONTROL);
      sendConstant(request, reply, answer);
      return reply;
    },
  );
}

function viewSellOut(sellOut: SellOut, index: number): Static<typeof RankedSellOut> {
  const { startsAtMs, openedAtMs, soldOutAtMs, ...shown } = sellOut;
  return {
    rank: index + 1,
    ...shown,
    startsAt: isoOf(startsAtMs),
    openedAt: isoOf(openedAtMs),
    soldOutAt: isoOf(soldOutAtMs),
    seconds: (soldOutAtMs - openedAtMs) / MS_PER_SECOND,
  };
}
