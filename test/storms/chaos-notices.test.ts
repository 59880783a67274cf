import t from 'tap';
import { MUTATION_NAMES, MUTATIONS, mutate } from '../../drills/chaos/mutations.ts';
import { runChaos } from '../../drills/chaos/run-chaos.ts';
import { skipWithoutRedis } from '../fixtures/redis.ts';

const SEED = 1;

for (const without of MUTATION_NAMES) {
  t.test(`chaos finds out nodes without ${without}`, { skip: skipWithoutRedis() }, async (t) => {
    const { findings } = await runChaos({
      seed: SEED,
      durationMs: 12_000,
      perSecond: 40,
      // The one of the faults in which a node lives on while others take over from it, so no luck is needed.
      kinds: ['stall PostgreSQL for node'],
      size: { busy: 4, quiet: 24, soldOut: 2, seats: 20, fans: 60, queuers: 10 },
      via: 'nodes',
      without,
      postgresSettings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
      say: (words) => t.comment(words),
    });
    t.ok(
      findings.some((finding) => finding.startsWith('R4')),
      findings[0] ?? 'nothing was found',
    );
  });
}

t.test('a mutation whose text is not in the source, or more than once, is refused', async (t) => {
  for (const [replacement] of Object.values(MUTATIONS)) {
    if (replacement === undefined) continue;
    t.throws(() => mutate('const other = 1;', replacement), /0 times/);
    t.throws(() => mutate(`${replacement.text}\n${replacement.text}`, replacement), /2 times/);
    t.equal(mutate(`a ${replacement.text} b`, replacement), `a ${replacement.by} b`);
  }
});
