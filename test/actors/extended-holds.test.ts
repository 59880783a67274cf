import { randomUUID } from 'node:crypto';
import t from 'tap';
import type { Reply } from '../../src/actors/command.ts';
import type { Reservation } from '../../src/domain/reservation.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createLoneActor, LONE_SCHEDULE, type LoneActor } from '../fixtures/lone-actor.ts';
import {
  extendCommand,
  heldBy,
  holdCommand,
  insertSchedule,
  insertUserWithBalance,
  recordTokensOfAll,
  startOwnerNode,
  valueOf,
} from '../fixtures/owner-node.ts';
import { createRecordingPublisher } from '../fixtures/seat-publishers.ts';
import { runAudit } from '../../src/persistence/audit/audit.ts';

const instant = (ms: number): string => new Date(ms).toISOString();

/** A lone actor holds for 1 s, and for 3 s in all; its clock starts at 10 s. */
function settle(lone: LoneActor, ask: () => { reply(): Reply | null }): Reply | null {
  const asked = ask();
  if (asked.reply() === null) lone.commitAppend();
  return asked.reply();
}

const hold = (lone: LoneActor, userId: string, ...seatNumbers: number[]) =>
  settle(lone, () => lone.ask(holdCommand(LONE_SCHEDULE, userId, ...seatNumbers)));
const extend = (lone: LoneActor, userId: string) => settle(lone, () => lone.ask(extendCommand(LONE_SCHEDULE, userId)));
const release = (lone: LoneActor, userId: string, { reservationId }: Pick<Reservation, 'reservationId'>) =>
  settle(lone, () => lone.ask({ type: 'ReleaseHold', scheduleId: LONE_SCHEDULE, userId, reservationId }));
const firstOf = (reply: Reply | null): Reservation => {
  const [first] = heldBy(reply);
  if (first === undefined) throw new Error(`no hold in ${JSON.stringify(reply)}`);
  return first;
};
const LIMIT = { outcome: 'refused', rejection: { code: 'EXTENSION_LIMIT_REACHED' } };

t.test('an extension gives every hold of the user its whole time again, and no other user’s', async (t) => {
  const lone = createLoneActor();
  const [fan, rival] = [randomUUID(), randomUUID()];
  hold(lone, fan, 1, 2);
  hold(lone, rival, 3);
  lone.now = 10_600;
  t.match(heldBy(extend(lone, fan)), [
    { seatNumber: 1, status: 'HELD', createdAt: instant(10_000), expiresAt: instant(11_600), seq: 4 },
    { seatNumber: 2, status: 'HELD', expiresAt: instant(11_600), seq: 5 },
  ]);
  lone.now = 11_000;
  t.equal(lone.actor.expireDue('timer'), 1, 'the other user’s hold ends at its own time');
  lone.commitAppend();
  t.equal(lone.armed.at(-1), 11_600, 'the timer is set for the new end');
  lone.now = 11_600;
  t.equal(lone.actor.expireDue('timer'), 2);
});

t.test('no extension goes past the total time since the first hold, or past the start', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  hold(lone, fan, 1);
  lone.now = 10_900;
  t.match(heldBy(extend(lone, fan)), [{ expiresAt: instant(11_900) }]);
  lone.now = 11_800;
  t.match(heldBy(extend(lone, fan)), [{ expiresAt: instant(12_800) }]);
  lone.now = 12_700;
  t.match(heldBy(extend(lone, fan)), [{ expiresAt: instant(13_000) }], 'the total is 3 s');
  t.match(extend(lone, fan), { ...LIMIT, rejection: { members: { seatNumbers: [1] } } });
  const starting = createLoneActor({ startsAtMs: 11_200 });
  hold(starting, fan, 1);
  starting.now = 10_500;
  t.match(heldBy(extend(starting, fan)), [{ expiresAt: instant(11_200) }]);
});

t.test('a hold is extended ten times at most', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  hold(lone, fan, 1);
  for (let time = 1; time <= 10; time += 1) {
    lone.now += 10;
    t.match(heldBy(extend(lone, fan)), [{ expiresAt: instant(lone.now + 1_000) }]);
  }
  lone.now += 10;
  t.match(extend(lone, fan), LIMIT);
  hold(lone, fan, 2);
  lone.now += 10;
  t.match(
    heldBy(extend(lone, fan)),
    [
      { seatNumber: 1, expiresAt: instant(11_100) },
      { seatNumber: 2, expiresAt: instant(11_120) },
    ],
    'a hold at its limit is shown as it is',
  );
});

t.test('a seat that is held again within a minute counts from its first hold, by the same user alone', async (t) => {
  for (const end of ['release', 'expiry']) {
    const lone = createLoneActor();
    const [fan, rival] = [randomUUID(), randomUUID()];
    const first = firstOf(hold(lone, fan, 1));
    lone.now = 10_900;
    extend(lone, fan);
    lone.now = 11_850;
    if (end === 'release') release(lone, fan, first);
    else {
      lone.now = 11_900;
      lone.actor.expireDue('timer');
      lone.commitAppend();
    }
    lone.now = 12_500;
    t.match(hold(lone, fan, 1), { value: { value: [{ expiresAt: instant(13_000) }] } }, `${end}: 3 s after the first`);
    t.match(extend(lone, fan), LIMIT, end);
    lone.now = 13_000;
    t.match(hold(lone, fan, 1), { ...LIMIT, rejection: { members: { seatNumbers: [1] } } }, `${end}: used up`);
    t.equal(firstOf(hold(lone, rival, 1)).expiresAt, instant(14_000), `${end}: another user begins anew`);
    lone.now = 13_000 + 60_001;
    t.equal(firstOf(hold(lone, fan, 1)).expiresAt, instant(lone.now + 1_000), `${end}: after a minute`);
  }
});

t.test('the owner chooses no seat that the user has used up', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  hold(lone, fan, 5);
  lone.now = 10_900;
  extend(lone, fan);
  lone.now = 11_800;
  extend(lone, fan);
  lone.now = 12_700;
  extend(lone, fan);
  lone.now = 13_000;
  const filter = { section: null, level: null, maxPrice: null };
  const wish = { ...extendCommand(LONE_SCHEDULE, fan), count: 1, isTogether: true, filter };
  const chosen = settle(lone, () => lone.ask({ ...wish, type: 'HoldBestSeats' }));
  t.match(heldBy(chosen), [{ seatNumber: 6 }]);
});

t.test('without a hold there is nothing to extend', async (t) => {
  const lone = createLoneActor();
  t.match(extend(lone, randomUUID()), { outcome: 'refused', rejection: { code: 'RESERVATION_NOT_FOUND' } });
});

t.test('holds that are made, extended and released in one flush are written as they are in the end', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  const held = lone.ask(holdCommand(LONE_SCHEDULE, fan, 1, 2));
  lone.now = 10_100;
  lone.ask(extendCommand(LONE_SCHEDULE, fan));
  const batch = lone.takeAppend();
  t.match(batch, { isExtending: true, changes: [], lastSeq: 4, nextExpiryAt: 11_100 });
  t.match(batch.inserts, [
    { seatNumber: 1, expiresAt: 11_100, extensions: 1, seq: 3, status: 'HELD', firstHeldAt: null },
    { seatNumber: 2, expiresAt: 11_100, extensions: 1, seq: 4, status: 'HELD' },
  ]);
  lone.actor.concludeAppend({ type: 'committed', epoch: 1, isOwner: true });
  const { reservationId } = firstOf(held.reply());
  lone.now = 10_200;
  lone.ask(extendCommand(LONE_SCHEDULE, fan));
  lone.ask({ type: 'ReleaseHold', scheduleId: LONE_SCHEDULE, userId: fan, reservationId });
  t.match(lone.takeAppend().changes, [
    { reservationId, status: 'CANCELLED', expiresAt: 11_200, extensions: 1, endedAt: 10_200, seq: 7 },
    { status: 'HELD', expiresAt: 11_200, extensions: 1, endedAt: null, seq: 6 },
  ]);
});

t.test('an extension that was not written is decided again, once', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  hold(lone, fan, 1);
  lone.now = 10_500;
  const asked = lone.ask(extendCommand(LONE_SCHEDULE, fan));
  lone.takeAppend();
  lone.actor.concludeAppend({ type: 'not-committed', epoch: 2 });
  t.equal(asked.reply(), null);
  lone.commitAppend();
  t.match(heldBy(asked.reply()), [{ expiresAt: instant(11_500), epoch: 2 }]);
  t.match(heldBy(extend(lone, fan)), [{ seq: 3 }]);
});

t.test('what was extended survives the end of its owner, and so does the memory of ended holds', async (t) => {
  const database = await createTestDatabase(t);
  const fan = await insertUserWithBalance(database, 0);
  const { scheduleId } = await insertSchedule(database);
  const settings = { holdTtlMs: 60_000, holdTotalMs: 90_000 };
  const first = await startOwnerNode(t, database, { ...settings, nodeId: 'first' });
  const released = firstOf(await first.dispatch(holdCommand(scheduleId, fan, 1)));
  valueOf(await first.dispatch(holdCommand(scheduleId, fan, 2)));
  const extended = heldBy(await first.dispatch(extendCommand(scheduleId, fan)));
  const { reservationId } = released;
  valueOf(await first.dispatch({ type: 'ReleaseHold', scheduleId, userId: fan, reservationId }));
  await first.close();

  const second = await startOwnerNode(t, database, { ...settings, nodeId: 'second' });
  const map = valueOf(await second.dispatch({ type: 'ReadSeatMap', scheduleId }));
  t.equal(map.seats[1]?.heldUntil, extended[1]?.expiresAt);
  const again = firstOf(await second.dispatch(holdCommand(scheduleId, fan, 1)));
  const rows = await database.pool.query<{ first: Date | null; extensions: number }>(
    'SELECT first_held_at AS first, extensions FROM reservations WHERE status = $1 ORDER BY seat_number',
    ['HELD'],
  );
  t.strictSame(
    rows.rows.map(({ first: firstHeldAt, extensions }) => [firstHeldAt?.toISOString() ?? null, extensions]),
    [
      [released.createdAt, 0],
      [null, 1],
    ],
  );
  t.ok(again.createdAt > released.createdAt);
  const head = await database.pool.query<{ next: Date }>('SELECT next_expiry_at AS next FROM schedule_heads');
  t.ok(head.rows.every(({ next }) => next !== null));
  await recordTokensOfAll(database);
  t.strictSame((await runAudit(database.pool, { maxSeats: 4 })).violations, []);
});

t.test('watchers see the new end', async (t) => {
  const publisher = createRecordingPublisher(LONE_SCHEDULE);
  const lone = createLoneActor({ publisher });
  const fan = randomUUID();
  hold(lone, fan, 1);
  lone.now = 10_400;
  extend(lone, fan);
  t.match(publisher.updates.at(-1), {
    fromSeq: 2,
    seq: 2,
    updates: [{ seatNumber: 1, status: 'HELD', heldUntil: instant(11_400) }],
  });
});
