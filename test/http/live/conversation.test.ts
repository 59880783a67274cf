import t from 'tap';
import { Conversation, type ConversationDependencies } from '../../../src/http/live/conversation.ts';
import type { Outbox } from '../../../src/http/live/outbox.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';

const WATCHED = 7;

/** A conversation that has subscribed to a schedule of concert 1, and notes what it is told in order. */
async function setUp() {
  const told: string[] = [];
  const watchers = new Set<unknown>();
  /** What happens while a schedule is looked for. */
  const meanwhile = { run: (): void => undefined };
  const bearers: Readonly<Record<string, object>> = {
    mine: { kind: 'user', userId: 'u1', expiresAtMs: Number.POSITIVE_INFINITY },
    'fq_of concert 2': {
      kind: 'queue',
      userId: 'u1',
      queue: { token: 'fq_of concert 2', concertId: 2, status: 'ACTIVE' },
    },
  };
  const schedule = {
    async join(watcher: unknown) {
      watchers.add(watcher);
      return null;
    },
    leave: (watcher: unknown) => watchers.delete(watcher),
  };
  const deps = {
    guards: { judge: async (token: string) => ({ ok: true, value: bearers[token] }), admit: async () => null },
    room: { identify: async (token: string) => ({ token }), watch: () => () => undefined },
    catalogue: {
      async findSchedule() {
        meanwhile.run();
        return { concertId: 1 };
      },
    },
    schedules: { open: () => schedule },
    positions: { add: () => undefined, remove: () => undefined },
    databaseClock: { lowerMs: () => 1_800_000_000_000, upperMs: () => 1_800_000_000_000 },
    clock: createManualClock(),
  } as unknown as ConversationDependencies;
  const line = {
    isClosing: false,
    say: (text: string) => told.push((JSON.parse(text) as { type: string }).type),
    refuse: (code: string, { scheduleId }: { scheduleId?: number }) => told.push(`${code} ${scheduleId}`),
    close: (code: number) => told.push(`close ${code}`),
    claim: () => true,
  };
  const conversation = new Conversation(deps, line, {} as Outbox);
  const change = () => {
    if (watchers.size > 0) told.push('delta');
  };
  await conversation.answer({ type: 'hello', token: 'mine' });
  await conversation.answer({ type: 'subscribe', channel: 'seats', scheduleId: WATCHED });
  change();
  return { told, conversation, change, meanwhile };
}

t.test('once a new token is welcome, no seat is told that it may not see', async (t) => {
  const { told, conversation, change, meanwhile } = await setUp();
  meanwhile.run = change;
  await conversation.answer({ type: 'hello', token: 'fq_of concert 2' });
  change();
  t.strictSame(told, ['welcome', 'delta', 'delta', 'welcome', `QUEUE_WRONG_CONCERT ${WATCHED}`]);
});
