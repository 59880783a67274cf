import t from 'tap';
import { runRounds } from '../../bench/rounds.ts';

const CONTENDERS = ['a', 'b', 'c', 'd'];

async function ordersOf(seed: number): Promise<string[]> {
  const phases = await runRounds({
    rounds: 6,
    seed,
    contenders: CONTENDERS,
    run: async (contender, round) => [{ contender, round, acceptedPerSecond: 0 }],
  });
  t.same(
    phases.map(({ round }) => round),
    [1, 2, 3, 4, 5, 6].flatMap((round) => CONTENDERS.map(() => round)),
    'one round after the other',
  );
  return Array.from({ length: 6 }, (_, round) =>
    phases
      .slice(round * CONTENDERS.length, (round + 1) * CONTENDERS.length)
      .map(({ contender }) => contender)
      .join(''),
  );
}

t.test(
  'everybody has one turn in every round, in an order that is drawn for it and replays from the seed',
  async (t) => {
    const orders = await ordersOf(1);
    for (const order of orders) t.same(new Set(order), new Set(CONTENDERS));
    t.ok(new Set(orders).size > 1, orders.join(' '));
    t.same(await ordersOf(1), orders);
    t.notSame(await ordersOf(2), orders);
  },
);

t.test(
  'nobody’s turn begins before the last one is over, and each phase is told when its contender is done',
  async (t) => {
    const told = t.capture(console, 'error');
    let running = 0;
    const phases = await runRounds({
      rounds: 2,
      seed: 1,
      contenders: ['one', 'two'],
      async run(contender) {
        running += 1;
        t.equal(running, 1);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return [
          { name: contender, acceptedPerSecond: 12_345.6 },
          { name: `${contender} map`, acceptedPerSecond: 1 },
        ];
      },
      labelOf: ({ name }) => name.padEnd(8),
    });
    t.equal(phases.length, 8);
    t.same(
      told().map(({ args }) => args),
      phases.map(({ name }, index) => [
        `round ${index < 4 ? 1 : 2}/2  ${name.padEnd(8)} ${name.endsWith('map') ? '       1' : '  12,346'}/s`,
      ]),
    );
  },
);

t.test('what a turn throws ends the rounds', async (t) => {
  let turns = 0;
  const run = async (): Promise<never> => {
    turns += 1;
    throw new Error('the server is gone');
  };
  await t.rejects(runRounds({ rounds: 3, seed: 1, contenders: CONTENDERS, run }), /the server is gone/);
  t.equal(turns, 1);
});
