import { randomUUID } from 'node:crypto';
import pg from 'pg';
import t from 'tap';
import { createFlushRuns } from '../../../src/persistence/journal/flush-runs.ts';
import type { Lane } from '../../../src/persistence/journal/lane.ts';
import { createLockedWallets } from '../../../src/persistence/journal/locked-wallets.ts';
import { createLoneActor, LONE_SCHEDULE } from '../../fixtures/lone-actor.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { holdCommand } from '../../fixtures/owner-node.ts';
import { silentLog } from '../../fixtures/silent-log.ts';

/** What the server says when a statement has waited too long for a lock; `where` names the row, if it is one. */
function lockTimeout(where?: string): pg.DatabaseError {
  const error = new pg.DatabaseError('canceling statement due to lock timeout', 0, 'error');
  error.code = '55P03';
  if (where !== undefined) error.where = where;
  return error;
}

/** A hold whose flush runs on a lane that always answers with the error: how often it was sent, and what the hold learnt. */
async function holdBehind(error: Error) {
  let sent = 0;
  const lane: Lane = {
    isFree: true,
    isConnected: true,
    runningSinceMs: null,
    run: async () => {
      sent += 1;
      return { type: 'error', error };
    },
    start: async () => undefined,
    close: async () => undefined,
  };
  const runs = createFlushRuns({
    pool: new pg.Pool(),
    clock: createManualClock(),
    node: () => 'test:1',
    log: silentLog,
    wallets: createLockedWallets(createManualClock(), () => undefined),
    observer: {
      flushed: () => undefined,
      refused: () => undefined,
      doubted: () => undefined,
      fenced: () => undefined,
    },
  });
  const lone = createLoneActor();
  const hold = lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  await runs.append.run(lane, [{ subject: lone.actor, batch: lone.takeAppend() }]);
  return { sent, reply: hold.reply() };
}

const nothingDone = { outcome: 'failed', code: 'STORE_UNAVAILABLE', effect: 'none' };

t.test(
  'a statement that waited for a locked table is not sent again: its callers have waited long enough',
  async (t) => {
    const { sent, reply } = await holdBehind(lockTimeout());
    t.equal(sent, 1);
    t.match(reply, nothingDone);
  },
);

t.test('a statement of one schedule that waited for a locked row is sent again, three times in all', async (t) => {
  const { sent, reply } = await holdBehind(lockTimeout('while locking tuple (0,1) in relation "schedule_heads"'));
  t.equal(sent, 3);
  t.match(reply, nothingDone);
});
