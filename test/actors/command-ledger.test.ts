import t from 'tap';
import { CommandLedger } from '../../src/actors/command-ledger.ts';
import type { Elsewhere, Reply } from '../../src/actors/command.ts';
import { createPendingCommand, type PendingCommand, type Stage } from '../../src/actors/pending-command.ts';

const DONE: Reply = { outcome: 'granted', value: { ended: 0 } };
const BUG = new Error('a bug');
const DECIDED = { reply: () => DONE, isReadOnly: false };

function setUp(...stages: readonly Stage[]) {
  const ledger = new CommandLedger();
  const replies: (Reply | Elsewhere | Error)[][] = [];
  const commands = stages.map((stage): PendingCommand => {
    const heard: (Reply | Elsewhere | Error)[] = [];
    replies.push(heard);
    const pending = createPendingCommand({
      command: { type: 'ReadSeatMap', scheduleId: 1 },
      resolve: (reply) => heard.push(reply),
      reject: (error) => heard.push(error),
      handOn: () => undefined,
    });
    ledger.put(pending, stage, stage === 'gathered' ? DECIDED : null);
    return pending;
  });
  return { ledger, commands, replies };
}

t.test('a command is answered once, and then is in the ledger no longer, whatever else is said to it', async (t) => {
  const { ledger, commands, replies } = setUp('gathered', 'sent', 'deferred');
  const [answered, rejected] = commands as [PendingCommand, PendingCommand];
  ledger.answer(answered, DONE);
  ledger.reject(rejected, BUG);
  for (const pending of [answered, rejected]) {
    ledger.answer(pending, DONE);
    ledger.fail(pending, 'STORE_UNAVAILABLE', 'none');
    ledger.reject(pending, BUG);
    ledger.put(pending, 'deferred');
  }
  t.strictSame(replies, [[DONE], [BUG], []]);
  t.equal(ledger.size, 1);
  ledger.release(commands);
  t.equal(ledger.size, 0);
  t.strictSame(replies[2], []);
  t.strictSame(ledger.in('gathered', 'sent', 'deferred'), []);
});

t.test('there is room for so many, and again for one when one is answered', async (t) => {
  const { ledger, commands } = setUp(...Array<Stage>(4_000).fill('gathered'));
  const [first] = commands as [PendingCommand];
  t.equal(ledger.hasRoom, false);
  t.equal(ledger.size, 4_000);
  ledger.answer(first, DONE);
  t.equal(ledger.hasRoom, true);
});

t.test('commands keep their order of arrival, whatever stages they come through', async (t) => {
  const { ledger, commands } = setUp('behind-batch', 'alone', 'deferred', 'gathered', 'to-settle');
  const [behind, alone, deferred, gathered, settling] = commands as [
    PendingCommand,
    PendingCommand,
    PendingCommand,
    PendingCommand,
    PendingCommand,
  ];
  t.equal(ledger.send([gathered]), 1);
  t.strictSame(ledger.in('gathered'), []);
  t.strictSame(ledger.in('sent', 'behind-batch'), [behind, gathered]);
  t.equal(gathered.decided, DECIDED, 'it keeps its reply');
  t.strictSame(ledger.undo(), [behind, gathered, settling]);
  t.strictSame(ledger.in('deferred'), [behind, deferred, gathered, settling]);
  t.equal(gathered.decided, null, 'it is decided from the beginning');
  t.strictSame(ledger.in('alone'), [alone]);
});

t.test('one command is tried at a time, until it has its answer or is undone', async (t) => {
  const { ledger, commands } = setUp('alone', 'alone');
  const [first, second] = commands as [PendingCommand, PendingCommand];
  t.equal(ledger.isTrying, true, 'no other command has a turn');
  ledger.put(first, 'gathered');
  ledger.beginTrial(first);
  ledger.passTrial();
  t.equal(ledger.trial, first, 'it has no answer yet');
  ledger.answer(first, DONE);
  ledger.passTrial();
  t.equal(ledger.trial, null);
  t.equal(ledger.isTrying, true, 'the second is to be tried');
  ledger.put(second, 'to-settle');
  ledger.beginTrial(second);
  t.strictSame(ledger.undo(), [second]);
  t.equal(ledger.isTrying, false);
});
