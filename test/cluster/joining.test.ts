import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { createMembership } from '../../src/cluster/membership.ts';
import { ForeignSecret } from '../../src/cluster/strangers.ts';
import type { BeatReport, NodeRow } from '../../src/domain/node.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { silentLog } from '../fixtures/silent-log.ts';

const OWN = ['own', 'previous'];

function otherNode(more: Partial<NodeRow>): NodeRow {
  return {
    node: 'other:1',
    address: '',
    joinedNo: -1,
    beat: 0,
    isLeaving: false,
    secretFingerprints: ['other'],
    reaches: null,
    isSeparated: false,
    ...more,
  };
}

/** A membership whose database is the test. */
function setUp() {
  const clock = createManualClock();
  const rows: string[] = [];
  const left: string[] = [];
  let incarnation = 0;
  let deaths = 0;
  const database = {
    /** What the next beats are answered; alive when there is nothing. */
    beats: [] as Promise<boolean>[],
    joined: (): Promise<void> => Promise.resolve(),
    looked: (): Promise<void> => Promise.resolve(),
    declaredDead: [] as string[],
    announced: (): Promise<void> => Promise.resolve(),
    leaving: new Set<string>(),
    /** Nodes with rows of their own. */
    others: [] as NodeRow[],
    reaches: null as readonly string[] | null,
    /** What this node's beats have said. */
    reports: [] as BeatReport[],
    /** Whether its beats are recorded. */
    isHearing: true,
  };
  const foreign: ForeignSecret[] = [];
  const membership = createMembership({
    records: {
      async join(node) {
        await database.joined();
        rows.push(node);
      },
      async living() {
        await database.looked();
        const isLeaving = (node: string) => database.leaving.has(node);
        const { reaches = null, separationNo = 0 } = database.reports.at(-1) ?? {};
        const plain = { address: '', beat: 0, secretFingerprints: OWN, reaches, isSeparated: separationNo % 2 === 1 };
        const others = database.others.filter(({ node }) => !database.declaredDead.includes(node));
        return [
          ...others,
          ...rows.map((node, index) => ({ ...plain, node, joinedNo: index, isLeaving: isLeaving(node) })),
        ];
      },
      declareDead(node) {
        database.declaredDead.push(node);
        return Promise.resolve(true);
      },
      async announceLeave(node) {
        await database.announced();
        database.leaving.add(node);
      },
      leave(node) {
        if (rows.includes(node)) left.push(node);
        return Promise.resolve();
      },
    },
    heartbeat: {
      async beat(_node, report) {
        if (!database.isHearing) return await new Promise(() => undefined);
        database.reports.push(report);
        const sentAt = clock.monotonicMs();
        return { isAlive: await (database.beats.shift() ?? Promise.resolve(true)), sentAt };
      },
    },
    clock,
    nodeId: 'n',
    address: () => '',
    secretFingerprints: OWN,
    onForeignSecret: (error) => foreign.push(error),
    newIncarnation: () => String((incarnation += 1)),
    isExclusive: false,
    log: silentLog,
    reaches: () => database.reaches,
    onLost: () => {
      deaths += 1;
    },
    onMayOwn: () => undefined,
  });
  async function passMs(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await nextTurn();
    }
  }
  return { membership, database, rows, left, foreign, passMs, deaths: () => deaths };
}

t.test('a node that is declared dead while it joins anew joins once more', async (t) => {
  const { membership, database, passMs, deaths } = setUp();
  await membership.start();
  database.beats = [1, 2, 3].map(() => Promise.resolve(false));
  await passMs(3_000);
  t.equal(membership.node, 'n:3');
  t.equal(membership.isLeaseValid(), true);
  t.equal(membership.mayOwn(), true);
  t.ok(deaths() >= 2);
  await membership.close();
});

t.test('a beat that is answered after the node has left neither brings it back nor renews its lease', async (t) => {
  for (const isAlive of [true, false]) {
    const { membership, database, rows, passMs } = setUp();
    await membership.start();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    database.beats = [promise];
    await passMs(500);
    await membership.close();
    resolve(isAlive);
    await passMs(1_000);
    t.strictSame(rows, ['n:1']);
    t.equal(membership.isLeaseValid(), false);
    t.equal(membership.mayOwn(), false);
  }
});

t.test('a node that is closed while it joins anew leaves nothing alive behind', async (t) => {
  const { membership, database, rows, left, passMs } = setUp();
  await membership.start();
  const { promise, resolve } = Promise.withResolvers<void>();
  database.joined = () => promise;
  database.beats = [Promise.resolve(false)];
  await passMs(500);
  const closed = membership.close();
  await passMs(100);
  resolve();
  await closed;
  t.strictSame(rows, ['n:1', 'n:2']);
  t.strictSame(left, ['n:2'], 'it leaves once its row is there');
});

t.test('a database that stood still is not held against other nodes; their own silence is', async (t) => {
  const { membership, database, rows, passMs } = setUp();
  rows.push('other');
  await membership.start();
  const { promise, resolve } = Promise.withResolvers<void>();
  database.looked = () => promise;
  await passMs(4_000);
  resolve();
  await passMs(2_000);
  t.strictSame(database.declaredDead, []);
  t.equal(membership.living().length, 2);
  await passMs(1_000);
  t.strictSame([...new Set(database.declaredDead)], ['other']);
  await membership.close();
});

t.test('a node that could not tell that it leaves tells it as soon as it can', async (t) => {
  const { membership, database, passMs } = setUp();
  await membership.start();
  database.announced = () => Promise.reject(new Error('no database'));
  await t.rejects(membership.retire());
  await passMs(500);
  t.strictSame([...database.leaving], []);
  database.announced = () => Promise.resolve();
  await passMs(500);
  t.strictSame([...database.leaving], ['n:1'], 'else the others give it back what it hands over');
  await membership.close();
});

t.test('a first beat that is not answered does not keep a node that joins anew from beating on', async (t) => {
  const { membership, database, passMs } = setUp();
  await membership.start();
  database.beats = [Promise.resolve(false), new Promise(() => undefined)];
  await passMs(2_500);
  t.equal(membership.node, 'n:2');
  t.equal(membership.isLeaseValid(), true, 'the other lane is free');
  t.equal(membership.mayOwn(), true);
  await membership.close();
});

t.test('a node whose secret no living node knows does not join', async (t) => {
  const { membership, database, rows, passMs } = setUp();
  database.others = [otherNode({ beat: 1 })];
  const starting = t.rejects(membership.start(), ForeignSecret);
  await passMs(300);
  database.others = [otherNode({ beat: 2 })];
  await passMs(300);
  await starting;
  t.strictSame(rows, []);
  t.equal(membership.mayOwn(), false);
});

t.test('nodes with another secret that were killed are waited out', async (t) => {
  const { membership, database, rows, passMs } = setUp();
  database.others = [otherNode({ beat: 7 })];
  const starting = membership.start();
  await passMs(2_000);
  t.strictSame(rows, [], 'they may be alive');
  await passMs(1_000);
  await starting;
  t.strictSame(database.declaredDead, ['other:1']);
  t.strictSame(rows, ['n:1']);
  await membership.close();
});

t.test('secrets in common, unknown secrets and earlier processes of the node are no reason to wait', async (t) => {
  const harmless = [
    otherNode({ secretFingerprints: ['third', 'previous'] }),
    otherNode({ secretFingerprints: null }),
    otherNode({ node: 'n:0' }),
  ];
  for (const row of harmless) {
    const { membership, database, rows } = setUp();
    database.others = [row];
    await membership.start();
    t.strictSame(rows, ['n:1']);
    await membership.close();
  }
});

t.test('of two nodes with different secrets that start at once, the one that joined later gives up', async (t) => {
  for (const joinedNo of [-1, 100]) {
    const { membership, database, foreign, passMs } = setUp();
    await membership.start();
    for (let beat = 0; beat < 4; beat += 1) {
      database.others = [otherNode({ joinedNo, beat })];
      await passMs(500);
    }
    t.equal(foreign.length, joinedNo < 0 ? 1 : 0);
    t.equal(membership.mayOwn(), joinedNo > 0);
    t.equal(membership.isLeaseValid(), joinedNo > 0);
    await membership.close();
  }
});

t.test('a node that would join anew among nodes with another secret gives up', async (t) => {
  const { membership, database, rows, foreign, passMs } = setUp();
  await membership.start();
  database.others = [otherNode({ joinedNo: 100, beat: 1 })];
  database.beats = [Promise.resolve(false)];
  await passMs(600);
  database.others = [otherNode({ joinedNo: 100, beat: 2 })];
  await passMs(1_000);
  t.equal(foreign.length, 1);
  t.strictSame(rows, ['n:1']);
  t.equal(membership.mayOwn(), false);
  await membership.close();
});

/** Two more nodes that live, reach each other and may not reach `n:1`. */
function othersThatReach(beat: number, isReached: boolean): NodeRow[] {
  const reaches = ['b:1', 'c:1', ...(isReached ? ['n:1'] : [])];
  const row = { beat, secretFingerprints: OWN, reaches };
  return [otherNode({ ...row, node: 'b:1', joinedNo: 10 }), otherNode({ ...row, node: 'c:1', joinedNo: 11 })];
}

t.test('a node that others do not reach stands aside, says why, and is back once its row says so', async (t) => {
  const { membership, database, passMs, deaths } = setUp();
  let beat = 0;
  const passWith = async (ms: number, isReached: boolean): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      database.others = othersThatReach((beat += 1), isReached);
      await passMs(250);
    }
  };
  database.reaches = ['b:1', 'c:1'];
  database.others = othersThatReach(0, false);
  await membership.start();
  await passWith(2_500, false);
  t.equal(membership.mayOwn(), true, 'links of a node that has just joined may be missing');
  t.same(database.reports.at(-1)?.reaches, null);
  await passWith(2_500, false);
  t.equal(membership.mayOwn(), false);
  t.equal(membership.isLeaseValid(), false);
  t.equal(deaths(), 1, 'it has dropped what it owned');
  t.same(membership.reasons(), ['most other nodes do not reach this node']);
  t.same(membership.owners(), ['b:1', 'c:1']);
  t.equal(membership.living().length, 3);
  t.same(database.reports.at(-1), { reaches: ['b:1', 'c:1'], separationNo: 1 });

  database.isHearing = false;
  const { tenure } = membership;
  await passWith(2_500, true);
  t.equal(membership.isLeaseValid(), false, 'others may still take what it owned');
  t.not(membership.tenure, tenure, 'what was claimed meanwhile is void');
  database.isHearing = true;
  await passWith(1_000, true);
  t.same(database.reports.at(-1), { reaches: ['b:1', 'c:1'], separationNo: 2 });
  t.equal(membership.mayOwn(), true);
  t.equal(membership.isLeaseValid(), true);
  t.same(membership.reasons(), []);
  t.same([...membership.owners()].sort(), ['b:1', 'c:1', 'n:1']);
  await membership.close();
});

t.test('a node that leaves does not stand aside, and has no say in who does', async (t) => {
  const { membership, database, passMs, deaths } = setUp();
  database.reaches = ['b:1'];
  await membership.start();
  for (let beat = 0; beat < 30; beat += 1) {
    // It has closed its links already.
    database.others = [otherNode({ node: 'b:1', beat, isLeaving: true, reaches: [], secretFingerprints: OWN })];
    await passMs(250);
  }
  t.equal(membership.mayOwn(), true);
  await membership.retire();
  for (let beat = 30; beat < 60; beat += 1) {
    database.others = othersThatReach(beat, false);
    await passMs(250);
  }
  t.equal(deaths(), 0);
  t.same(membership.owners(), ['b:1', 'c:1']);
  await membership.close();
});

t.test('a change of the links is told before the next beat is due', async (t) => {
  const { membership, database, passMs } = setUp();
  database.reaches = ['b:1'];
  await membership.start();
  await passMs(5_000);
  const before = database.reports.length;
  database.reaches = [];
  await passMs(250);
  t.same(database.reports.at(-1)?.reaches, []);
  await passMs(4_750);
  t.ok(database.reports.length - before <= 12, 'and other beats keep their pace');
  await membership.close();
});
