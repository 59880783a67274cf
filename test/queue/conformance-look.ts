import type { Test } from 'tap';
import { placeIn } from '../../src/domain/queue-token.ts';
import { ABANDON_MS, createRoomHarness, NO_SHOW_MS, openPolicy, type RoomFactory } from './room-harness.ts';

/** What one look at the line tells of many. */
export async function testLook(t: Test, factory: RoomFactory): Promise<void> {
  t.test('a look tells where everybody stands, in the order asked, as asking for each would', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 1 });
    const other = await harness.newConcert(openPolicy);
    const tokens = [...(await harness.enterMany(concertId, 5)), ...(await harness.enterMany(other, 2))].toReversed();
    const places = await harness.room().look(tokens.map(({ token }) => token));
    const asked = await Promise.all(tokens.map((token) => harness.status(token)));
    t.strictSame(places, asked.map(placeIn));
    t.strictSame(
      places.map((place) => place?.queuePosition),
      [0, 0, 4, 3, 2, 1, 0],
    );
    t.strictSame(await harness.room().look([]), []);
  });

  t.test('a look finds nothing where no token is live', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 1, activeTtlMs: 10_000 });
    const [inside, gone, waiting] = await harness.enterMany(concertId, 3);
    await harness.room().leave(gone?.token ?? '');
    const tokens = [gone?.token ?? '', 'nonsense', '', `${waiting?.token}x`, waiting?.token ?? ''];
    const places = await harness.room().look(tokens);
    t.strictSame(places.slice(0, 4), [null, null, null, null]);
    t.match(places[4], { status: 'WAITING', queuePosition: 1 });
    t.match(await harness.room().look([inside?.token ?? '']), [{ status: 'ACTIVE', queuePosition: 0 }]);
    await harness.pass(10_003);
    t.match(await harness.room().look([inside?.token ?? '', waiting?.token ?? '']), [null, { status: 'ACTIVE' }]);
  });

  t.test('a look follows the line at once', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 0 });
    const tokens = await harness.enterMany(concertId, 50);
    for (const token of tokens.slice(0, 25)) await harness.room().leave(token.token);
    const places = await harness.room().look(tokens.slice(25).map(({ token }) => token));
    t.strictSame(
      places.map((place) => place?.queuePosition),
      Array.from({ length: 25 }, (_, nth) => nth + 1),
    );
  });

  t.test('to be looked at, or named, is no sign of life', async (t) => {
    const harness = await createRoomHarness(t, factory);
    const concertId = await harness.newConcert({ maxActive: 1 });
    const [inside, waiting] = await harness.enterMany(concertId, 2);
    const look = () => {
      t.equal(harness.room().holderOf(inside?.token ?? ''), inside?.userId);
      return harness.room().look([inside?.token ?? '', waiting?.token ?? '']);
    };
    await harness.pass(NO_SHOW_MS - 1_000);
    t.match(await look(), [{ status: 'ACTIVE' }, { status: 'WAITING' }]);
    await harness.pass(1_001);
    t.match(await look(), [null, { status: 'ACTIVE' }]);
    const line = await harness.newConcert({ maxActive: 0 });
    const [lonely] = await harness.enterMany(line, 1);
    await harness.pass(ABANDON_MS - 1_000);
    t.match(await harness.room().look([lonely?.token ?? '']), [{ status: 'WAITING' }]);
    await harness.pass(1_001);
    t.strictSame(await harness.room().look([lonely?.token ?? '']), [null]);
  });
}
