import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createTestDatabase } from '../fixtures/database.ts';
import { holdCommand, insertSchedule, type OwnerNode, startOwnerNode, valueOf } from '../fixtures/owner-node.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';

t.test('a node whose beats stop is declared dead by another, which takes its schedules over', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const silent = await startOwnerNode(t, database, { nodeId: 'silent', laneUrl: proxy.url });
  const heir = await startOwnerNode(t, database, { nodeId: 'heir' });
  const { scheduleId } = await insertSchedule(database);
  await silent.dispatch(holdCommand(scheduleId, randomUUID(), 1));
  t.match(
    await heir.dispatch(holdCommand(scheduleId, randomUUID(), 2)),
    { outcome: 'failed', code: 'OWNER_UNAVAILABLE' },
    'a living owner is never stolen from',
  );

  const before = silent.membership.node;
  proxy.muteClients();
  const taken = await waitFor(
    async () => {
      const reply = await heir.dispatch(holdCommand(scheduleId, randomUUID(), 2));
      return reply.outcome === 'granted' ? reply.value : null;
    },
    { deadlineMs: 5_000, what: 'the take-over' },
  );
  t.match(taken.value, [{ seq: 2, epoch: 2 }]);
  t.equal(silent.membership.isLeaseValid(), false, 'the lease of the silent one was over before');

  proxy.cut();
  await waitFor(() => silent.membership.node !== before && silent.membership.isLeaseValid(), {
    what: 'it to join anew',
  });
  t.match(await silent.dispatch(holdCommand(scheduleId, randomUUID(), 3)), {
    outcome: 'failed',
    code: 'OWNER_UNAVAILABLE',
    effect: 'none',
  });
  const { rows } = await database.pool.query('SELECT node FROM nodes WHERE dead_at IS NULL ORDER BY node');
  t.equal(rows.length, 2);
});

t.test('without a shared store beside the database a second node waits until the first has left', async (t) => {
  const database = await createTestDatabase(t);
  const first = await startOwnerNode(t, database, { nodeId: 'first', isExclusive: true });
  const second = await startOwnerNode(t, database, { nodeId: 'second', isExclusive: true });
  const { scheduleId } = await insertSchedule(database);
  t.equal(first.membership.mayOwn(), true);
  t.strictSame(first.membership.reasons(), []);
  t.equal(second.membership.mayOwn(), false);
  t.match(second.membership.reasons(), [/^another node owns this database's schedules/]);
  t.match(await second.dispatch(holdCommand(scheduleId, randomUUID(), 1)), { outcome: 'failed', effect: 'none' });

  await first.dispatch(holdCommand(scheduleId, randomUUID(), 1));
  await first.close();
  await waitFor(() => second.membership.mayOwn(), { deadlineMs: 1_000, what: 'the second to become the owner' });
  t.match(valueOf(await second.dispatch(holdCommand(scheduleId, randomUUID(), 2))).value, [{ seq: 2, epoch: 2 }]);
});

t.test('a node that comes back under its name buries its former self and serves at once', async (t) => {
  const database = await createTestDatabase(t);
  const proxy = await startTcpProxy(t, database.url);
  const killed = await startOwnerNode(t, database, { nodeId: 'same', isExclusive: true, laneUrl: proxy.url });
  const { scheduleId } = await insertSchedule(database);
  await killed.dispatch(holdCommand(scheduleId, randomUUID(), 1));
  proxy.muteClients();

  const back = await startOwnerNode(t, database, { nodeId: 'same', isExclusive: true });
  t.equal(back.membership.mayOwn(), true);
  t.match(valueOf(await back.dispatch(holdCommand(scheduleId, randomUUID(), 2))).value, [{ seq: 2, epoch: 2 }]);
  const { rows } = await database.pool.query('SELECT count(*) AS n FROM nodes WHERE dead_at IS NULL');
  t.strictSame(rows, [{ n: 1 }]);
  proxy.cut();
});

t.test('two processes under one name end up as two nodes, which do not go on burying each other', async (t) => {
  const database = await createTestDatabase(t);
  const first = await startOwnerNode(t, database, { nodeId: 'same' });
  const before = first.membership.node;
  const second = await startOwnerNode(t, database, { nodeId: 'same' });
  const { node } = second.membership;
  await waitFor(
    async () => {
      const { rows } = await database.pool.query<{ node: string }>(
        'SELECT node FROM nodes WHERE dead_at IS NULL AND beat >= 4',
      );
      return rows.length === 2;
    },
    { deadlineMs: 8_000, what: 'both to live for a while' },
  );
  t.not(first.membership.node, before, 'the former one was buried, once');
  t.equal(second.membership.node, node);
  const { rows } = await database.pool.query('SELECT count(*) AS n FROM nodes');
  t.strictSame(rows, [{ n: 3 }]);
});

t.test(
  'a node that stands aside loses its schedules to others, and takes part again when the cut is over',
  async (t) => {
    const database = await createTestDatabase(t);
    const nodes: OwnerNode[] = [];
    let isCut = true;
    const start = async (nodeId: string): Promise<OwnerNode> => {
      const index = nodes.length;
      const reaches = () =>
        nodes.filter((_, other) => !isCut || (index > 0 && other > 0)).map(({ membership }) => membership.node);
      const node = await startOwnerNode(t, database, { nodeId, reaches });
      nodes.push(node);
      return node;
    };
    const cutOff = await start('cut-off');
    const other = await start('other');
    await start('third');
    const { scheduleId } = await insertSchedule(database);
    valueOf(await cutOff.dispatch(holdCommand(scheduleId, randomUUID(), 1)));
    const before = cutOff.membership.node;
    const taken = await waitFor(
      async () => {
        const reply = await other.dispatch(holdCommand(scheduleId, randomUUID(), 2));
        return reply.outcome === 'granted' ? reply.value : null;
      },
      { deadlineMs: 15_000, what: 'the take-over' },
    );
    t.match(taken.value, [{ seq: 2, epoch: 2 }], 'holds included');
    t.equal(cutOff.membership.isLeaseValid(), false, 'it had stopped answering before');
    await waitFor(() => other.membership.isAside(before), { what: 'the other to know' });
    t.match(await cutOff.dispatch(holdCommand(scheduleId, randomUUID(), 3)), {
      outcome: 'failed',
      code: 'OWNER_UNAVAILABLE',
      effect: 'none',
    });

    isCut = false;
    await waitFor(() => cutOff.membership.isLeaseValid(), { deadlineMs: 15_000, what: 'the node to be back' });
    t.equal(cutOff.membership.node, before, 'it lived on');
    await waitFor(() => other.membership.owners().includes(before), { what: 'the other to count on it' });
    t.match(
      await cutOff.dispatch(holdCommand(scheduleId, randomUUID(), 3)),
      { outcome: 'failed' },
      'what others have taken it does not take back by itself',
    );
  },
);

t.test('a beat that was delayed does not change whether a node stands aside', async (t) => {
  const database = await createTestDatabase(t);
  const { membership, beat } = await startOwnerNode(t, database, { nodeId: 'late' });
  const isAside = async () => {
    const { rows } = await database.pool.query<{ no: number }>('SELECT separation_no::int AS no FROM nodes');
    return rows.map(({ no }) => no);
  };
  await beat(membership.node, { reaches: ['other:1'], separationNo: 2 });
  await beat(membership.node, { reaches: [], separationNo: 1 });
  t.same(await isAside(), [2]);
});
