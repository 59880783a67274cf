import t from 'tap';
import type { Command, Elsewhere, Reply } from '../../src/actors/command.ts';
import { createRouter } from '../../src/cluster/router.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

const SCHEDULE = 7;
const MAP = {
  outcome: 'granted',
  value: { scheduleId: SCHEDULE, epoch: 1, seq: 0, availableSeats: 0, seats: [] },
} as const satisfies Reply;

/** A router of the node `me` whose peers answer what the test says. */
function setUp() {
  const asked: string[] = [];
  const cluster = {
    /** Where the schedule is placed. */
    placedAt: 'former',
    /** What a node answers: who owns the schedule, or the map where that is the node itself. */
    ownerAsSeenBy: (_node: string): string => 'former',
    isServedHere: false,
    /** Nodes that stand aside. */
    aside: new Set<string>(),
  };
  const answerOf = (node: string): Reply | Elsewhere => {
    asked.push(node);
    const owner = cluster.ownerAsSeenBy(node);
    return owner === node ? MAP : { outcome: 'elsewhere', owner };
  };
  const router = createRouter({
    membership: { node: 'me', isAside: (node) => cluster.aside.has(node) },
    placement: { ownerOf: () => cluster.placedAt, reconsider: () => undefined },
    local: {
      serves: () => cluster.isServedHere,
      dispatch<C extends Command>(): Reply<C> {
        asked.push('me');
        return MAP as Reply as Reply<C>;
      },
      serve: () => answerOf('me'),
    },
    peers: { send: (peer) => Promise.resolve({ type: 'answered', answer: answerOf(peer) }) },
    clock: createManualClock(),
  });
  const ask = async () => await router.dispatch({ type: 'ReadSeatMap', scheduleId: SCHEDULE } satisfies Command);
  return { asked, cluster, ask };
}

t.test('who answered last is asked first, until it says that another node owns the schedule', async (t) => {
  const { asked, cluster, ask } = setUp();
  t.match(await ask(), MAP);
  cluster.placedAt = 'joiner';
  t.match(await ask(), MAP);
  t.same(asked.splice(0), ['former', 'former'], 'the node that has just joined is left alone');

  cluster.ownerAsSeenBy = () => 'joiner';
  t.match(await ask(), MAP);
  t.match(await ask(), MAP);
  t.same(asked, ['former', 'joiner', 'joiner']);
});

t.test('what is served here is asked for nowhere else, wherever it is placed', async (t) => {
  const { asked, cluster, ask } = setUp();
  cluster.isServedHere = true;
  cluster.placedAt = 'joiner';
  t.match(await ask(), MAP);
  t.same(asked.splice(0), ['me']);

  cluster.isServedHere = false;
  cluster.ownerAsSeenBy = () => 'joiner';
  t.match(await ask(), MAP);
  t.same(asked, ['joiner'], 'until it has been given away');
});
