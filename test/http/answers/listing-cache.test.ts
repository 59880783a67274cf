import t from 'tap';
import { createListingCache } from '../../../src/http/answers/listing-cache.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';

const FIRST_PAGE = { limit: 20, after: null };

function setUp() {
  const clock = createManualClock();
  const catalogue = { changes: 0 };
  const cache = createListingCache({ clock, changes: () => catalogue.changes });
  let reads = 0;
  const get = async (tookMs = 0, page: { limit: number; after: string | null } = FIRST_PAGE) => {
    const answer = await cache.get('available', page, async () => {
      reads += 1;
      clock.advance(tookMs);
      return { read: reads };
    });
    return JSON.parse(answer.plain.toString()).read;
  };
  return { clock, catalogue, cache, get };
}

t.test('ten thousand callers at once share one read', async (t) => {
  const { get } = setUp();
  const answers = await Promise.all(Array.from({ length: 10_000 }, () => get()));
  t.ok(answers.every((read) => read === 1));
});

t.test('LISTING-1: a page is read again after a second, a slow one after three', async (t) => {
  const { clock, get } = setUp();
  t.equal(await get(), 1);
  clock.advance(999);
  t.equal(await get(), 1);
  clock.advance(1);
  t.equal(await get(100), 2);
  clock.advance(1_800);
  t.equal(await get(), 2, 'a read of 100 ms is followed by 2 s without one');
  clock.advance(200);
  t.equal(await get(2_000), 3);
  clock.advance(999);
  t.equal(await get(), 3);
  clock.advance(1);
  t.equal(await get(), 4, 'its figures are never older than 3 s');
});

t.test('LISTING-2: a change of the catalogue shows at once', async (t) => {
  const { catalogue, get } = setUp();
  t.equal(await get(), 1);
  catalogue.changes += 1;
  t.equal(await get(), 2);
  t.equal(await get(), 2);
});

t.test('each page has its own text', async (t) => {
  const { get } = setUp();
  t.equal(await get(), 1);
  t.equal(await get(0, { limit: 20, after: '7' }), 2);
  t.equal(await get(0, { limit: 2, after: null }), 3);
  t.equal(await get(), 1);
});

t.test('a failed read is not remembered', async (t) => {
  const { cache, get } = setUp();
  await t.rejects(
    cache.get('available', FIRST_PAGE, () => Promise.reject(new Error('the database is away'))),
    /away/,
  );
  t.equal(await get(), 1);
});
