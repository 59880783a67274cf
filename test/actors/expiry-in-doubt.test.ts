import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createLoneActor, LONE_SCHEDULE } from '../fixtures/lone-actor.ts';
import { endCommand, holdCommand } from '../fixtures/owner-node.ts';

t.test('a hold that falls due while its schedule is in doubt ends when the doubt does', async (t) => {
  const lone = createLoneActor();
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  lone.commitAppend();
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 2));
  lone.takeAppend();
  lone.actor.doubt();
  lone.now += 1_000;
  lone.armed.length = 0;
  t.equal(lone.actor.expireDue('timer'), 0);
  t.strictSame(lone.armed, [], 'a doubtful schedule can do nothing, so it asks for nothing');
  lone.actor.concludeAppend({ type: 'not-committed', epoch: 2 });
  t.ok(lone.armed.length > 0, 'it asks for the timer as soon as it goes on');
  t.match(lone.takeAppend(), {
    epoch: 2,
    events: [
      { type: 'EXPIRED', seatNumber: 1 },
      { type: 'HELD', seatNumber: 2 },
    ],
  });
});

t.test('the timer goes on to the next hold also where what it was set for had ended otherwise', async (t) => {
  const lone = createLoneActor();
  const fan = randomUUID();
  lone.ask(holdCommand(LONE_SCHEDULE, fan, 1));
  lone.now += 500;
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 2));
  lone.ask(endCommand(LONE_SCHEDULE, fan));
  lone.commitAppend();
  lone.armed.length = 0;
  lone.now += 500;
  t.equal(lone.actor.expireDue('timer'), 0);
  t.strictSame(lone.armed, [lone.now + 500]);
});
