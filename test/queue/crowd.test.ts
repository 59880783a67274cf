import t from 'tap';
import { createTokenScribe } from '../../src/queue/token.ts';
import { createRoomHarness, type TokenRow } from './room-harness.ts';
import { memoryRooms } from './rooms.ts';

const PEOPLE = 100_000;
/** Few enough for the pool's statement timeout on a busy machine. */
const PEOPLE_PER_STATEMENT = 10_000;
const SECRET = 'a secret for tests';

t.test('a hundred thousand wait, and a poll asks PostgreSQL for nothing', async (t) => {
  let statements = 0;
  const { create } = memoryRooms();
  const harness = await createRoomHarness(t, {
    create: (materials) =>
      create({
        ...materials,
        pool: new Proxy(materials.pool, {
          get(target, name, receiver) {
            if (name === 'connect') statements += 1;
            const member: unknown = Reflect.get(target, name, receiver);
            return typeof member === 'function' ? member.bind(target) : member;
          },
        }),
      }),
  });
  const concertId = await harness.newConcert({ maxActive: 1_000_000, batch: 5 });
  await harness.enterMany(concertId, 5);
  await harness.room().close();
  for (let first = 1; first <= PEOPLE; first += PEOPLE_PER_STATEMENT) {
    await harness.pool.query(
      `INSERT INTO queue_tokens (token_id, concert_id, user_id, no, generation, status, issued_at)
       SELECT gen_random_uuid(), $1, gen_random_uuid(), 100 + 2 * n, 0, 'WAITING', clock_timestamp() FROM generate_series($2::int, $3) AS n`,
      [concertId, first, first + PEOPLE_PER_STATEMENT - 1],
    );
  }
  await harness.pool.query('UPDATE queue_heads SET next_no = 1000000 WHERE concert_id = $1', [concertId]);
  await harness.restart();
  t.match(await harness.room().counts(concertId), { waiting: PEOPLE, active: 5 });

  const rows = (await harness.rows(concertId)).slice(5);
  const scribe = createTokenScribe({ secret: SECRET });
  const tokenOf = (row: TokenRow | undefined): string =>
    row === undefined ? '' : scribe.write({ tokenId: row.token_id, userId: row.user_id, concertId });
  const before = statements;
  for (let nth = 0; nth < PEOPLE; nth += 997) {
    const status = await harness.room().status(tokenOf(rows[nth]));
    if (status?.queuePosition !== nth + 1) t.fail(`${nth}: ${String(status?.queuePosition)}`);
  }
  t.equal(statements, before);

  await harness.room().leave(tokenOf(rows[50_000]));
  t.match(await harness.enter(concertId), { queuePosition: PEOPLE });
  await harness.pass(10_003);
  t.match(
    await harness.room().status(tokenOf(rows.at(-1))),
    { queuePosition: PEOPLE - 6 },
    'five went in and one left',
  );
});
