import t from 'tap';
import { Fault } from '../../src/domain/errors.ts';
import { type LineStore, type LineSummary, LOST, type Looked, type Lost } from '../../src/queue/line-store.ts';
import { createPolls } from '../../src/queue/polls.ts';
import { waitFor } from '../fixtures/wait-for.ts';

const SUMMARY: LineSummary = {
  generation: 1,
  waiting: 9,
  active: 0,
  maxActive: 0,
  batch: 10,
  intervalMs: 10_000,
  activeTtlMs: 60_000,
  closesAtMs: 99_000,
  isSuspended: false,
  latestMs: 0,
  pending: 0,
  departures: 0,
  insideMs: 0,
  gap: null,
  wakeMs: null,
};

const UNAVAILABLE = { status: 'rejected', reason: { code: 'QUEUE_UNAVAILABLE' } };

interface Look {
  readonly concertId: number;
  readonly tokenIds: readonly string[];
  readonly isSign: boolean;
  readonly answer: PromiseWithResolvers<Lost | Looked>;
}

/** Looks that are answered when the test says so. */
function createHeldLooks() {
  const looks: Look[] = [];
  const look: LineStore['look'] = (concertId, tokenIds, isSign) => {
    const answer = Promise.withResolvers<Lost | Looked>();
    looks.push({ concertId, tokenIds, isSign, answer });
    return answer.promise;
  };
  return { looks, polls: createPolls({ store: { look } }) };
}

/** Tells everybody the position that is their token's text. */
function answer({ tokenIds, answer: { resolve } }: Look): void {
  const standings = tokenIds.map((tokenId) =>
    tokenId === 'gone'
      ? null
      : ({ status: 'WAITING', activatedAtMs: null, activeUntilMs: null, position: Number(tokenId) } as const),
  );
  resolve({ summary: SUMMARY, standings });
}

function positionOf(looked: Lost | Looked): unknown {
  return looked === LOST ? LOST : looked.standings.map((standing) => standing?.position ?? null);
}

t.test('who asks in one turn shares a look, 200 at most, and each is told of itself', async (t) => {
  const { looks, polls } = createHeldLooks();
  const asked = ['gone', ...Array.from({ length: 299 }, (_, nth) => String(nth + 1))];
  const told = Promise.all(asked.map((tokenId) => polls.ask(7, tokenId)));
  const elsewhere = polls.ask(8, '5');
  await waitFor(() => looks.length === 3, { what: 'the looks' });
  t.same(
    looks.map(({ concertId, tokenIds, isSign }) => [concertId, tokenIds.length, isSign]),
    [
      [7, 200, true],
      [7, 100, true],
      [8, 1, true],
    ],
  );
  for (const look of looks) answer(look);
  t.same((await told).map(positionOf), [[null], ...Array.from({ length: 299 }, (_, nth) => [nth + 1])]);
  t.same(positionOf(await elsewhere), [5]);
});

t.test('who asks while looks are under way is answered by a later one', async (t) => {
  const { looks, polls } = createHeldLooks();
  const first = [polls.ask(7, '1')];
  await waitFor(() => looks.length === 1, { what: 'the first look' });
  first.push(polls.ask(7, '2'));
  await waitFor(() => looks.length === 2, { what: 'the second look' });
  const late = ['3', '4', '5'].map((tokenId) => polls.ask(7, tokenId));
  const elsewhere = polls.ask(8, '6');
  await waitFor(() => looks.length === 3, { what: 'the other line, which waits for none of them' });
  t.equal(looks[2]?.concertId, 8);
  for (const look of looks.slice(0, 3)) answer(look);
  t.same((await Promise.all([...first, elsewhere])).map(positionOf), [[1], [2], [6]]);
  await waitFor(() => looks.length === 4, { what: 'the look of those who came later' });
  t.same(looks[3]?.tokenIds, ['3', '4', '5']);
  for (const look of looks.slice(3)) answer(look);
  t.same((await Promise.all(late)).map(positionOf), [[3], [4], [5]]);
});

t.test('a lost line and a fault are told to whoever asked there', async (t) => {
  const { looks, polls } = createHeldLooks();
  const lost = [polls.ask(7, '1'), polls.ask(7, '2')];
  const failing = [polls.ask(8, '3'), polls.ask(8, '4')];
  const well = polls.ask(9, '5');
  await waitFor(() => looks.length === 3, { what: 'the looks' });
  looks[0]?.answer.resolve(LOST);
  looks[1]?.answer.reject(new Fault('QUEUE_UNAVAILABLE', 'none'));
  for (const look of looks.slice(2)) answer(look);
  t.same((await Promise.all(lost)).map(positionOf), [LOST, LOST]);
  t.match(await Promise.allSettled(failing), [UNAVAILABLE, UNAVAILABLE]);
  t.same(positionOf(await well), [5]);
});

t.test('who waits while a look fails is refused with it, and who asks afterwards is asked for', async (t) => {
  const { looks, polls } = createHeldLooks();
  const failing: Promise<unknown>[] = [];
  for (const tokenId of ['1', '2']) {
    failing.push(polls.ask(7, tokenId));
    await waitFor(() => looks.length === failing.length, { what: 'a look' });
  }
  failing.push(polls.ask(7, '3'));
  for (const { answer: held } of looks) held.reject(new Fault('QUEUE_UNAVAILABLE', 'unknown'));
  t.match(await Promise.allSettled(failing), [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
  const again = polls.ask(7, '4');
  await waitFor(() => looks.length === 3, { what: 'another look' });
  t.same(looks[2]?.tokenIds, ['4']);
  for (const look of looks.slice(2)) answer(look);
  t.same(positionOf(await again), [4]);
});

t.test('too many who wait for a look are refused with nothing done', async (t) => {
  const { looks, polls } = createHeldLooks();
  const asked = Array.from({ length: 5_001 }, (_, nth) => polls.ask(7, String(nth + 1)));
  const [refused] = await Promise.allSettled(asked.splice(-1));
  t.match(refused, { status: 'rejected', reason: { code: 'OVERLOADED', effect: 'none' } });
  let answered = 0;
  while (answered < 25) {
    await waitFor(() => looks.length > answered, { what: 'a look' });
    for (const look of looks.slice(answered)) answer(look);
    answered = looks.length;
  }
  t.same((await Promise.all(asked)).at(-1), {
    summary: SUMMARY,
    standings: [{ status: 'WAITING', activatedAtMs: null, activeUntilMs: null, position: 5_000 }],
  });
});
