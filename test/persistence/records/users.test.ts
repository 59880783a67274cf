import t from 'tap';
import { v7 as uuid } from 'uuid';
import { createPool } from '../../../src/persistence/pool.ts';
import { createUserRecords } from '../../../src/persistence/records/users.ts';
import { createTestDatabase } from '../../fixtures/database.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

t.test('a registered user is found and has an empty wallet', async (t) => {
  const { pool } = await createTestDatabase(t);
  const users = createUserRecords({ pool });
  const userId = uuid();
  const decision = await users.register({ userId, name: '김하늘', email: 'Haneul@example.com' });
  t.match(decision, { ok: true, value: { userId, name: '김하늘', email: 'Haneul@example.com' } });
  const user = await users.find(userId);
  t.equal(await users.has(userId), true);
  t.same(user, decision.ok ? decision.value : null);
  t.match(user?.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const { rows } = await pool.query('SELECT balance, entries FROM wallets WHERE user_id = $1', [userId]);
  t.same(rows, [{ balance: 0, entries: 0 }]);
});

t.test('an address is taken whatever its letter case, and the refused user leaves no trace', async (t) => {
  const { pool } = await createTestDatabase(t);
  const users = createUserRecords({ pool });
  await users.register({ userId: uuid(), name: 'A', email: 'one@example.com' });
  const userId = uuid();
  const decision = await users.register({ userId, name: 'B', email: 'ONE@Example.com' });
  t.match(decision, { ok: false, rejection: { code: 'EMAIL_TAKEN' } });
  t.equal(await users.find(userId), null);
  t.equal(await users.has(userId), false);
  const { rows } = await pool.query('SELECT count(*) AS wallets FROM wallets');
  t.same(rows, [{ wallets: 1 }]);
});

t.test('of many who register one address at once exactly one gets it', async (t) => {
  const { pool } = await createTestDatabase(t);
  const users = createUserRecords({ pool });
  const attempts = Array.from({ length: 20 }, () =>
    users.register({ userId: uuid(), name: 'A', email: 'a@example.com' }),
  );
  const decisions = await Promise.all(attempts);
  t.equal(decisions.filter((decision) => decision.ok).length, 1);
});

t.test("the user of an operator's token is created once, however many requests bring it first", async (t) => {
  const { pool } = await createTestDatabase(t);
  const users = createUserRecords({ pool });
  const userId = uuid();
  await Promise.all(Array.from({ length: 20 }, () => users.ensure({ userId, name: 'A', email: 'a@example.com' })));
  await users.ensure({ userId, name: 'Another', email: null });
  t.match(await users.find(userId), { userId, name: 'A', email: 'a@example.com' });
  const { rows } = await pool.query('SELECT count(*) AS wallets FROM wallets');
  t.same(rows, [{ wallets: 1 }]);
});

t.test("the user of an operator's token does without an address that another user has", async (t) => {
  const { pool } = await createTestDatabase(t);
  const users = createUserRecords({ pool });
  await users.register({ userId: uuid(), name: 'A', email: 'a@example.com' });
  const userId = uuid();
  await users.ensure({ userId, name: null, email: 'A@example.com' });
  t.match(await users.find(userId), { userId, name: '', email: null });
});

t.test('a database that is away is a fault, and nothing was done', async (t) => {
  const pool = createPool({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', max: 1, log: silentLog });
  t.teardown(() => pool.end());
  const users = createUserRecords({ pool });
  const away = { name: 'Fault', code: 'STORE_UNAVAILABLE', effect: 'none' };
  await t.rejects(users.find(uuid()), away);
  await t.rejects(users.ensure({ userId: uuid(), name: null, email: null }), away);
  await t.rejects(users.register({ userId: uuid(), name: 'A', email: 'a@example.com' }), away);
});

t.test('many users that the node has not met are looked up in few statements', async (t) => {
  const { pool } = await createTestDatabase(t);
  let statements = 0;
  const users = createUserRecords({
    pool: {
      connect() {
        statements += 1;
        return pool.connect();
      },
    },
  });
  const userIds = Array.from({ length: 300 }, () => uuid());
  await pool.query('INSERT INTO users (user_id, name) SELECT id, id::text FROM unnest($1::uuid[]) id', [
    userIds.slice(1),
  ]);
  await pool.query('INSERT INTO wallets (user_id) SELECT unnest($1::uuid[])', [userIds.slice(1)]);
  const found = await Promise.all(userIds.map((userId) => users.find(userId)));
  t.equal(found[0], null, 'who is unknown stays unknown');
  t.same(
    found.slice(1).map((user) => user?.name),
    userIds.slice(1),
    'everybody is found as themselves',
  );
  t.ok(statements <= 3, `${statements} statements`);
  await Promise.all(userIds.slice(1).map((userId) => users.ensure({ userId, name: null, email: null })));
  t.ok(statements <= 6, `${statements} statements with those of an operator's tokens`);
});

t.test('a user whom a trigger of the operator’s refuses is refused, not a bug', async (t) => {
  const { pool } = await createTestDatabase(t);
  const users = createUserRecords({ pool });
  await pool.query(`
    CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = NEW.name; END $$;
    CREATE TRIGGER refuse_some BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION refuse_some()`);
  const register = (name: string) => users.register({ userId: uuid(), name, email: `${name}@example.com` });
  await t.rejects(register('P0001'), { name: 'Fault', code: 'STORE_UNAVAILABLE', effect: 'none' });
  await t.rejects(register('XX000'), { name: 'Fault', code: 'STORE_UNAVAILABLE', effect: 'none' });
  await t.rejects(register('22021'), { name: 'Refusal', rejection: { code: 'VALIDATION_FAILED' } });
});
