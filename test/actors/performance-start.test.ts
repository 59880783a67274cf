import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createLoneActor, LONE_SCHEDULE } from '../fixtures/lone-actor.ts';
import { holdCommand } from '../fixtures/owner-node.ts';

t.test('a hold ends when the performance starts, if that is before its time is over', async (t) => {
  const lone = createLoneActor({ startsAtMs: 10_400 });
  const asked = lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  lone.commitAppend();
  t.match(asked.reply(), {
    outcome: 'granted',
    value: { value: [{ expiresAt: new Date(10_400).toISOString() }] },
  });
  t.equal(lone.armed.at(-1), 10_400);
  lone.now = 10_400;
  t.equal(lone.actor.expireDue('timer'), 1);
});

t.test(
  'the owner grants nothing from the start of the performance on, whatever the time was where the request arrived',
  async (t) => {
    const lone = createLoneActor({ startsAtMs: 10_400 });
    lone.now = 10_400;
    const startsAt = new Date(10_400).toISOString();
    t.match(lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1)).reply(), {
      outcome: 'refused',
      rejection: { code: 'BOOKING_CLOSED', members: { startsAt } },
    });
    t.equal(lone.actor.takeAppend(randomUUID()), null);
  },
);
