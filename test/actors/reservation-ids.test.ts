import { randomUUID } from 'node:crypto';
import t from 'tap';
import { v7 as uuid } from 'uuid';
import { createLoneActor, LONE_SCHEDULE } from '../fixtures/lone-actor.ts';
import { holdCommand } from '../fixtures/owner-node.ts';

t.test('a reservation is younger by its id than what was made before it, also after a refusal', async (t) => {
  const lone = createLoneActor();
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  lone.commitAppend();
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  const nextMillisecond = async () => {
    const before = Date.now();
    while (Date.now() === before) await new Promise((resolve) => setImmediate(resolve));
  };
  await nextMillisecond();
  const madeMeanwhile = uuid();
  // Within one millisecond ids are in no order.
  await nextMillisecond();
  lone.now += 200;
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 2));
  const [held] = lone.takeAppend().inserts;
  t.ok((held?.reservationId ?? '') > madeMeanwhile);
});
