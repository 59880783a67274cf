import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createQueueRecords } from '../../src/persistence/records/queue-records.ts';
import { createInProcessWaitingRoom } from '../../src/queue/in-process/in-process-waiting-room.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { createRoomHarness, openPolicy } from './room-harness.ts';

const LOOKING_MS = 50;

t.test('those inside are looked at once a second, and less often where a look takes long', async (t) => {
  let looks = 0;
  let ended = 0;
  let lookingMs = 0;
  const harness = await createRoomHarness(t, {
    create({ pool, ...materials }) {
      const records = createQueueRecords({ pool, log: silentLog });
      return createInProcessWaitingRoom({
        ...materials,
        records: {
          ...records,
          async review(tokenIds) {
            looks += 1;
            const found = await records.review(tokenIds);
            harness.advance(lookingMs);
            ended += 1;
            return found;
          },
        },
        log: silentLog,
      });
    },
  });
  const token = await harness.enter(await harness.newConcert(openPolicy));

  async function countLooks(seconds: number): Promise<number> {
    const before = looks;
    for (let second = 0; second < seconds; second += 1) {
      await harness.pass(1_000);
      await waitFor(() => ended === looks, { what: 'the look to end' });
      // What follows a look sets the timer of the next one.
      await turn();
    }
    return looks - before;
  }

  t.equal(await countLooks(10), 10, 'a look that takes no time');
  lookingMs = LOOKING_MS;
  const slow = await countLooks(20);
  t.ok(slow >= 3 && slow <= 5, `a look of ${LOOKING_MS} ms leaves 5 s to others: ${slow} in 20 s`);

  await harness.pool.query(`UPDATE queue_tokens SET status = 'CANCELLED', ended_at = clock_timestamp()`);
  lookingMs = 1_200;
  await countLooks(21);
  t.equal((await harness.status(token)).status, 'CANCELLED', 'an end that nobody announced is found out all the same');
  t.ok((await countLooks(21)) >= 1, 'however long a look takes, the next one is twenty seconds away');
});
