import { randomUUID } from 'node:crypto';
import t from 'tap';
import { createLoneActor, LONE_SCHEDULE } from '../fixtures/lone-actor.ts';
import { holdCommand } from '../fixtures/owner-node.ts';
import { createIdSource } from '../../src/runtime/ids.ts';

t.test('a reservation is younger by its id than what was made before it, also after a refusal', async (t) => {
  const lone = createLoneActor();
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  lone.commitAppend();
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 1));
  const madeMeanwhile = createIdSource()(lone.now + 100);
  lone.now += 200;
  lone.ask(holdCommand(LONE_SCHEDULE, randomUUID(), 2));
  const [held] = lone.takeAppend().inserts;
  t.ok((held?.reservationId ?? '') > madeMeanwhile);
});
