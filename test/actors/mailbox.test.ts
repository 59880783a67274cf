import t from 'tap';
import type { Elsewhere, Reply } from '../../src/actors/command.ts';
import { Mailbox } from '../../src/actors/mailbox.ts';
import type { PendingCommand } from '../../src/actors/pending-command.ts';

const DONE: Reply = { outcome: 'granted', value: { ended: 0 } };
const BUG = new Error('a bug');

function setUp(count: number) {
  const mailbox = new Mailbox();
  const replies: (Reply | Elsewhere | Error)[][] = [];
  const commands = Array.from({ length: count }, (): PendingCommand => {
    const heard: (Reply | Elsewhere | Error)[] = [];
    replies.push(heard);
    mailbox.takeIn();
    return {
      command: { type: 'ReadSeatMap', scheduleId: 1 },
      resolve: (reply) => heard.push(reply),
      reject: (error) => heard.push(error),
      handOn: () => undefined,
      answered: false,
      attempts: 0,
    };
  });
  return { mailbox, commands, replies };
}

t.test('a command is answered once, and makes room once, whatever else is said to it', async (t) => {
  const { mailbox, commands, replies } = setUp(3);
  const [answered, rejected, released] = commands as [PendingCommand, PendingCommand, PendingCommand];
  mailbox.answer(answered, DONE);
  mailbox.reject(rejected, BUG);
  for (const pending of [answered, rejected]) {
    mailbox.answer(pending, DONE);
    mailbox.fail(pending, 'STORE_UNAVAILABLE', 'none');
    mailbox.reject(pending, BUG);
  }
  t.strictSame(replies, [[DONE], [BUG], []]);
  t.equal(mailbox.waiting, 1);
  t.strictSame(mailbox.release(commands), [released], 'who was answered is not handed back');
  t.equal(mailbox.waiting, 0);
  t.strictSame(replies[2], []);
});

t.test('there is room for so many, and again for one when one is answered', async (t) => {
  const { mailbox, commands } = setUp(4_000);
  const [first] = commands as [PendingCommand];
  t.equal(mailbox.takeIn(), false);
  t.equal(mailbox.waiting, 4_000);
  mailbox.answer(first, DONE);
  t.equal(mailbox.takeIn(), true);
  t.equal(mailbox.takeIn(), false);
});

t.test('commands are tried alone one after the other, before those that waited for it already', async (t) => {
  const { mailbox, commands } = setUp(4);
  const [first, answered, second, third] = commands as [PendingCommand, PendingCommand, PendingCommand, PendingCommand];
  t.equal(mailbox.isTrying, false);
  mailbox.putAlone([third]);
  mailbox.putAlone([first, answered, second]);
  mailbox.answer(answered, DONE);
  t.equal(mailbox.isTrying, true, 'nobody else has a turn');
  t.equal(mailbox.takeAlone(), first);
  mailbox.beginTrial(first);
  t.equal(mailbox.takeAlone(), null, 'one at a time');
  mailbox.passTrial();
  t.equal(mailbox.takeAlone(), null, 'it has no answer yet');
  mailbox.answer(first, DONE);
  mailbox.passTrial();
  t.equal(mailbox.takeAlone(), second, 'who was answered meanwhile has no turn');
  mailbox.beginTrial(second);
  t.equal(mailbox.endTrial(), second);
  t.equal(mailbox.takeAlone(), third);
  t.equal(mailbox.takeAlone(), null);
  t.equal(mailbox.isTrying, false);
});

t.test('whoever is still to be decided is taken out once, in order', async (t) => {
  const { mailbox, commands } = setUp(4);
  const [behind, alone, early, late] = commands as [PendingCommand, PendingCommand, PendingCommand, PendingCommand];
  mailbox.defer(early);
  mailbox.defer(late);
  mailbox.putAlone([alone]);
  mailbox.putBehindSettlement(behind);
  t.strictSame(mailbox.undecided(), [behind, alone, early, late]);
  t.strictSame(mailbox.takeDeferred(), [early, late]);
  t.strictSame(mailbox.takeDeferred(), []);
  t.strictSame(mailbox.takeUndecided(), [behind, alone]);
  t.strictSame(mailbox.undecided(), []);
  t.equal(mailbox.isTrying, false);
  t.equal(mailbox.waiting, 4, 'they still wait for their answers');
});
