import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { createDuty } from '../../src/cluster/duty.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';
import { silentLog } from '../fixtures/silent-log.ts';

t.test('a duty that could neither start nor close is tried again', async (t) => {
  const clock = createManualClock();
  let starts = 0;
  const duty = createDuty({
    name: 'test',
    clock,
    log: silentLog,
    create: () => ({
      start: () => {
        starts += 1;
        return starts === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve();
      },
      close: () => Promise.reject(new Error('never began')),
    }),
  });
  await duty.assign(true);
  t.equal(duty.current(), null);
  clock.advance(500);
  await nextTurn();
  t.ok(duty.current());
  t.equal(starts, 2);
});
