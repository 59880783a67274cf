import t from 'tap';
import type { LiveClient } from '../../../src/client/live/live-client.ts';
import type { LiveState, SeatListener } from '../../../src/client/live/live-events.ts';
import { createManualClock } from '../../fixtures/manual-clock.ts';
import { createLiveLink } from '../../../web/box-office/live-link.ts';

/** Answers of polls arrive with the turns of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function linkUnderTest({ token = 'fq_a.b' }: { token?: string | null } = {}) {
  const clock = createManualClock();
  const said: string[] = [];
  const log: string[] = [];
  let tell: (state: LiveState) => void = () => undefined;
  let seatListener: SeatListener | null = null;
  let answersPoll = true;
  const link = createLiveLink({
    clock,
    token: () => token,
    open(): LiveClient {
      log.push('open');
      return {
        state: { type: 'connecting' },
        seats(scheduleId, listener) {
          log.push(`seats ${scheduleId}`);
          seatListener = listener;
          return () => log.push(`no seats ${scheduleId}`);
        },
        queue() {
          log.push('queue');
          return () => log.push('no queue');
        },
        onState(listener) {
          tell = listener;
          return () => undefined;
        },
        serverNow: () => 42,
        replaceToken: () => log.push('hello'),
        close() {
          log.push('close');
          tell({ type: 'closed', code: 1000 });
        },
      };
    },
    onPlace: () => undefined,
    onMap: ({ seq }) => log.push(`map ${seq}`),
    onConnection: (connection) => said.push(connection),
    async poll({ scheduleId }) {
      log.push(`poll ${String(scheduleId)}`);
      if (!answersPoll) throw new Error('away');
      return 3_000;
    },
  });
  return {
    clock,
    said,
    log,
    link,
    tell: (state: LiveState) => tell(state),
    map: (seq: number) =>
      seatListener?.({ type: 'map', scheduleId: 7, seats: [], changed: [], epoch: 1, seq, isSnapshot: false }),
    cutOff: () => {
      answersPoll = false;
    },
  };
}

const HALL = { concertId: 3, scheduleId: 7 };
const NOTHING = { concertId: null, scheduleId: null };

t.test('one connection carries place and seats, and is closed when nothing is looked at', async (t) => {
  const { link, log, map, tell, said, clock } = linkUnderTest();
  link.attend(HALL);
  link.attend(HALL);
  t.same(log, ['open', 'queue', 'seats 7']);
  t.equal(link.serverNow(), null, 'the clock is not known before the welcome');
  tell({ type: 'open' });
  t.equal(link.serverNow(), 42);
  map(5);
  link.attend(NOTHING);
  t.same(log, ['open', 'queue', 'seats 7', 'map 5', 'no queue', 'no seats 7', 'close']);
  t.same(said, ['live', 'none'], 'the end that was asked for is no loss');
  t.equal(clock.pending(), 0);
});

t.test('another date is watched over the same connection', async (t) => {
  const { link, log } = linkUnderTest();
  link.attend(HALL);
  link.attend({ concertId: 3, scheduleId: 8 });
  t.same(log.slice(3), ['hello', 'no queue', 'no seats 7', 'queue', 'seats 8']);
});

t.test('where no connection comes about the page asks by itself, and stops when one does', async (t) => {
  const { link, log, tell, said, clock } = linkUnderTest();
  link.attend(HALL);
  tell({ type: 'connecting' });
  clock.advance(3_999);
  t.notOk(log.includes('poll 7'), 'not at once');
  clock.advance(1);
  await turn();
  t.equal(said.at(-1), 'polling');
  clock.advance(3_000);
  await turn();
  t.equal(log.filter((entry) => entry === 'poll 7').length, 2);
  tell({ type: 'open' });
  t.equal(said.at(-1), 'live');
  clock.advance(60_000);
  await turn();
  t.equal(log.filter((entry) => entry === 'poll 7').length, 2);
});

t.test('a break is told, and so is that it is over', async (t) => {
  const { link, tell, said, clock } = linkUnderTest();
  link.attend(HALL);
  tell({ type: 'open' });
  tell({ type: 'reconnecting', attempt: 1, retryInMs: 100 });
  tell({ type: 'connecting' });
  tell({ type: 'open' });
  clock.advance(4_000);
  t.same(said, ['live', 'reconnecting', 'restored', 'live']);
});

t.test('a service that answers nothing is away, not polled', async (t) => {
  const { link, tell, said, clock, cutOff } = linkUnderTest();
  link.attend(HALL);
  tell({ type: 'open' });
  tell({ type: 'reconnecting', attempt: 1, retryInMs: 100 });
  cutOff();
  clock.advance(4_000);
  await turn();
  t.equal(said.at(-1), 'reconnecting');
});

t.test('the answer to a round of asking that is over changes nothing', async (t) => {
  const { link, tell, said, clock } = linkUnderTest();
  link.attend(HALL);
  tell({ type: 'connecting' });
  clock.advance(4_000);
  tell({ type: 'open' });
  await turn();
  t.equal(said.at(-1), 'live');
  t.equal(clock.pending(), 0);
});

t.test('without a token nothing is opened', async (t) => {
  const { link, log } = linkUnderTest({ token: null });
  link.attend(HALL);
  t.same(log, []);
});
