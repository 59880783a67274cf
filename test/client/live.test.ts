import t from 'tap';
import type { LiveError, LivePlace, LiveSeatMap, LiveState } from '../../src/client/live/live-events.ts';
import type { SeatChange } from '../../src/domain/live-frames.ts';
import { createRandom } from '../simulation/random.ts';
import { createStage, HEARTBEAT_MS, SERVER_TIME, settle, type Stage } from './scripted-socket.ts';

const FREE = 'AVAILABLE';
const HELD = 'HELD';
const held = (seatNumber: number): SeatChange => ({ seatNumber, status: HELD });

function watchSeats({ live }: Stage, scheduleId = 7) {
  const events: (LiveSeatMap | LiveError)[] = [];
  const stop = live.seats(scheduleId, (event) => void events.push(event));
  return { events, stop };
}

/** What a socket was asked for, without the hello. */
function questions({ socket }: Stage) {
  return socket.sent.filter(({ type }) => type !== 'hello');
}

t.test('a connection says hello with the token, and asks for what is watched once it is welcome', async (t) => {
  const stage = createStage(t);
  const states: LiveState['type'][] = [];
  stage.live.onState(({ type }) => void states.push(type));
  watchSeats(stage);
  stage.live.queue(() => undefined);
  t.equal(stage.socket.url, 'ws://service.test/api/v1/live');
  t.same(stage.socket.sent, [], 'nothing before it is open');
  stage.socket.fire('open');
  await settle();
  t.same(stage.socket.sent, [{ type: 'hello', token: 'a-token' }]);
  stage.socket.welcome();
  t.same(questions(stage), [
    { type: 'subscribe', channel: 'queue' },
    { type: 'subscribe', channel: 'seats', scheduleId: 7 },
  ]);
  t.same(states, ['connecting', 'open']);
});

t.test('the whole map is told at first and after every change, with what changed', async (t) => {
  const stage = createStage(t);
  const { events } = watchSeats(stage);
  const socket = await stage.open();
  socket.snapshot(3, [FREE, FREE]);
  socket.delta(4, 5, [held(2)]);
  t.match(events, [
    { type: 'map', isSnapshot: true, changed: [1, 2], seq: 3, scheduleId: 7 },
    { type: 'map', isSnapshot: false, changed: [2], seq: 5, seats: [{ status: FREE }, { status: HELD, price: 1_000 }] },
  ]);
});

t.test('who comes later shares the subscription and begins with the whole map', async (t) => {
  const stage = createStage(t);
  watchSeats(stage);
  const socket = await stage.open();
  socket.snapshot(3, [FREE, FREE]);
  const asked = questions(stage).length;
  const late = watchSeats(stage);
  t.same(late.events, [], 'not before the call has returned');
  await settle();
  t.match(late.events, [{ isSnapshot: true, changed: [1, 2], seq: 3 }]);
  const together = watchSeats(stage);
  socket.delta(4, 4, [held(1)]);
  await settle();
  t.match(
    together.events,
    [{ isSnapshot: true, changed: [1, 2], seq: 4 }],
    'a change that comes first is told as a map',
  );
  t.equal(together.events.length, 1);
  t.equal(questions(stage).length, asked);
});

t.test('the last one who goes ends the subscription', async (t) => {
  const stage = createStage(t);
  const one = watchSeats(stage);
  const other = watchSeats(stage);
  const socket = await stage.open();
  socket.snapshot(3, [FREE]);
  one.stop();
  one.stop();
  t.notMatch(questions(stage), [{}, { type: 'unsubscribe' }]);
  other.stop();
  t.same(questions(stage).at(-1), { type: 'unsubscribe', channel: 'seats', scheduleId: 7 });
  socket.delta(4, 4, [held(1)]);
  t.equal(one.events.length, 1);
  const again = watchSeats(stage);
  t.same(questions(stage).at(-1), { type: 'subscribe', channel: 'seats', scheduleId: 7 });
  socket.delta(5, 5, [held(1)]);
  t.same(again.events, [], 'what is still on its way of the earlier one is not taken for the map');
  socket.snapshot(5, [HELD]);
  t.match(again.events, [{ seq: 5, isSnapshot: true }]);
});

t.test('a gap is asked about from where the map ends, once, and closed', async (t) => {
  const stage = createStage(t);
  const { events } = watchSeats(stage);
  const socket = await stage.open();
  socket.snapshot(3, [FREE, FREE, FREE]);
  const before = questions(stage).length;
  socket.delta(6, 6, [held(3)]);
  stage.clock.advance(1_500);
  socket.delta(7, 7, [held(1)]);
  t.same(questions(stage).slice(before), [{ type: 'subscribe', channel: 'seats', scheduleId: 7, sinceSeq: 3 }]);
  socket.delta(4, 7, [held(1), held(2), held(3)]);
  t.same(
    events.map((event) => event.type === 'map' && event.seq),
    [3, 7],
  );
  t.same(events.flatMap((event) => (event.type === 'map' ? [event.seats.map(({ status }) => status)] : [])).at(-1), [
    HELD,
    HELD,
    HELD,
  ]);
});

t.test('one gap after the other is asked about once a second', async (t) => {
  const stage = createStage(t);
  watchSeats(stage);
  const socket = await stage.open();
  socket.snapshot(0, [FREE]);
  const before = questions(stage).length;
  for (let round = 1; round <= 20; round += 1) {
    socket.delta(round * 10, round * 10, [held(1)]);
    socket.snapshot(round * 10, [FREE]);
    stage.clock.advance(100);
  }
  t.equal(questions(stage).length - before, 2);
});

t.test('a subscription without an answer ends the socket', async (t) => {
  const stage = createStage(t);
  watchSeats(stage);
  const socket = await stage.open();
  stage.clock.advance(9_000);
  t.equal(socket.closedByClient, false);
  stage.clock.advance(1_001);
  t.equal(socket.closedByClient, true);
  t.equal(stage.live.state.type, 'reconnecting');
});

t.test('a question that was lost with its socket is not waited for on the next', async (t) => {
  const stage = createStage(t);
  watchSeats(stage);
  await stage.open();
  stage.clock.advance(9_000);
  stage.socket.close4(1006);
  stage.reconnect();
  stage.clock.advance(2_000);
  t.equal(stage.sockets.length, 2);
  t.equal(stage.socket.closedByClient, false);
});

t.test('after a lost connection everything goes on from where it was', async (t) => {
  const stage = createStage(t);
  const seven = watchSeats(stage);
  const eight = watchSeats(stage, 8);
  const first = await stage.open();
  first.snapshot(3, [FREE]);
  first.close4(1006);
  t.match(stage.live.state, { type: 'reconnecting', attempt: 1, retryInMs: 125 });
  first.delta(4, 4, [held(1)]);
  t.equal(seven.events.length, 1, 'what a lost socket still says is not heard');
  stage.clock.advance(125);
  t.equal(stage.sockets.length, 2);
  const second = await stage.open();
  t.same(questions(stage), [
    { type: 'subscribe', channel: 'seats', scheduleId: 7, sinceSeq: 3 },
    { type: 'subscribe', channel: 'seats', scheduleId: 8 },
  ]);
  second.delta(4, 9, [held(1)]);
  second.snapshot(1, [FREE], 8);
  t.match(seven.events, [{ seq: 3 }, { seq: 9, isSnapshot: false }]);
  t.match(eight.events, [{ seq: 1 }]);
  first.close4(1006);
  t.equal(stage.live.state.type, 'open', 'and its end does not end the new one');
});

t.test('attempts in vain wait longer and longer; a connection that lasted starts anew', async (t) => {
  const stage = createStage(t, { random: () => 0.999_999 });
  const waits: number[] = [];
  stage.live.onState((state) => {
    if (state.type === 'reconnecting') waits.push(Math.round(state.retryInMs));
  });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    stage.socket.close4(1006);
    stage.reconnect();
  }
  await stage.open();
  stage.socket.close4(1006);
  stage.reconnect();
  t.same(waits, [250, 500, 1_000, 2_000, 4_000, 5_000], 'one that ends at once counts as in vain');
  await stage.open();
  stage.clock.advance(10_000);
  stage.socket.close4(1006);
  t.equal(waits.at(-1), 250);
});

t.test('a service that is there is not waited for as one that is away, however often connections break', async (t) => {
  const stage = createStage(t, { random: () => 0.999_999 });
  let longestMs = 0;
  stage.live.onState((state) => {
    if (state.type === 'reconnecting') longestMs = Math.max(longestMs, Math.round(state.retryInMs));
  });
  for (let time = 0; time < 20; time += 1) {
    await stage.open();
    stage.socket.close4(1006);
    stage.reconnect();
  }
  t.equal(longestMs, 5_000);
  for (let time = 0; time < 12; time += 1) {
    stage.socket.close4(1006);
    stage.reconnect();
  }
  t.equal(longestMs, 30_000, 'as one that is away is');
});

t.test('a service that opens and never welcomes is left', async (t) => {
  const stage = createStage(t);
  stage.socket.fire('open');
  await settle();
  stage.clock.advance(10_000);
  t.equal(stage.socket.closedByClient, true);
  t.equal(stage.live.state.type, 'reconnecting');
});

t.test('silence is answered with a ping, and ends the socket when it lasts', async (t) => {
  const stage = createStage(t);
  const socket = await stage.open();
  stage.clock.advance(HEARTBEAT_MS * 1.2);
  t.same(questions(stage), []);
  stage.clock.advance(HEARTBEAT_MS * 0.1);
  t.same(questions(stage), [{ type: 'ping' }]);
  socket.say({ type: 'pong' });
  stage.clock.advance(HEARTBEAT_MS);
  socket.say({ type: 'heartbeat', serverTime: SERVER_TIME });
  stage.clock.advance(HEARTBEAT_MS);
  t.equal(stage.live.state.type, 'open', 'whoever says something lives');
  stage.clock.advance(HEARTBEAT_MS * 0.3);
  t.equal(questions(stage).length, 2, 'another silence is answered with another ping');
  stage.clock.advance(HEARTBEAT_MS * 0.2);
  t.equal(socket.closedByClient, true);
  t.equal(stage.live.state.type, 'reconnecting');
});

t.test('a token that is refused is asked for anew, and given up when it is the same', async (t) => {
  const stage = createStage(t);
  await stage.open();
  stage.socket.close4(4401);
  t.equal(stage.live.state.type, 'reconnecting');
  stage.reconnect();
  stage.token = 'another';
  await stage.open();
  t.same(stage.socket.sent, [{ type: 'hello', token: 'another' }]);
  stage.socket.close4(4401);
  stage.reconnect();
  await stage.open();
  stage.socket.close4(4401);
  t.same(stage.live.state, { type: 'closed', code: 4401 });
  stage.clock.advance(60_000);
  const opened = stage.sockets.length;
  t.equal(opened, 3, 'no further attempt');
  stage.token = 'a third';
  stage.live.replaceToken();
  t.equal(stage.sockets.length, opened + 1, 'until there is another token');
  await stage.open();
  t.equal(stage.live.state.type, 'open');
});

t.test('a token that cannot be had for now is asked for again', async (t) => {
  let asked = 0;
  const stage = createStage(t, {
    async askToken() {
      asked += 1;
      if (asked === 1) throw new Error('not yet');
      return 'now';
    },
  });
  stage.socket.fire('open');
  await settle();
  t.equal(stage.live.state.type, 'reconnecting');
  stage.reconnect();
  stage.socket.fire('open');
  await settle();
  t.same(stage.socket.sent, [{ type: 'hello', token: 'now' }]);
});

t.test('of two tokens that are asked for, the one that was asked for last is sent', async (t) => {
  const given: ((token: string) => void)[] = [];
  const stage = createStage(t, { askToken: () => new Promise((resolve) => given.push(resolve)) });
  stage.socket.fire('open');
  stage.live.replaceToken();
  given[1]?.('new');
  await settle();
  given[0]?.('old');
  await settle();
  t.same(stage.socket.sent, [{ type: 'hello', token: 'new' }]);
});

t.test('a replaced token is sent on the same socket, and everything is asked for with it', async (t) => {
  const stage = createStage(t);
  const { events } = watchSeats(stage);
  const socket = await stage.open();
  socket.snapshot(3, [FREE]);
  stage.token = 'another';
  stage.live.replaceToken();
  await settle();
  t.same(socket.sent.at(-1), { type: 'hello', token: 'another' });
  socket.welcome();
  t.same(socket.sent.at(-1), { type: 'subscribe', channel: 'seats', scheduleId: 7, sinceSeq: 3 });
  socket.delta(4, 3, []);
  t.equal(events.length, 1, 'an empty answer is no change');
  stage.clock.advance(20_000);
  t.equal(stage.live.state.type, 'open', 'but an answer');
});

t.test('the place of the token before is not taken for that of the token that replaces it', async (t) => {
  const stage = createStage(t);
  const places: (LivePlace | LiveError)[] = [];
  stage.live.queue((event) => void places.push(event));
  const socket = await stage.open();
  socket.say({
    type: 'queue',
    status: 'WAITING',
    queuePosition: 2,
    estimatedWaitTime: 60,
    estimatedWaitRange: [20, 180],
  });
  stage.token = 'another-token';
  stage.live.replaceToken();
  await settle();
  socket.say({ type: 'queue', status: 'ACTIVE', queuePosition: 0, estimatedWaitTime: 0, estimatedWaitRange: [0, 0] });
  socket.welcome();
  socket.say({
    type: 'queue',
    status: 'WAITING',
    queuePosition: 90,
    estimatedWaitTime: 900,
    estimatedWaitRange: [300, 2700],
  });
  t.match(places, [{ queuePosition: 2 }, { status: 'WAITING', queuePosition: 90 }]);
  t.equal(places.length, 2);
});

t.test('an ended token is replaced by another one as soon as there is one', async (t) => {
  const stage = createStage(t);
  const { events } = watchSeats(stage);
  const socket = await stage.open();
  const ended = { type: 'error', code: 'QUEUE_TOKEN_EXPIRED', detail: 'D', channel: 'seats', scheduleId: 7 } as const;
  socket.say(ended);
  await settle();
  t.match(events, [{ type: 'error', code: 'QUEUE_TOKEN_EXPIRED', detail: 'D' }]);
  t.equal(socket.sent.filter(({ type }) => type === 'hello').length, 1, 'the same token is not sent again');
  stage.token = 'another';
  socket.say(ended);
  await settle();
  t.same(socket.sent.at(-1), { type: 'hello', token: 'another' });
});

t.test('a refusal that passes is asked for again after a while, and one that does not is not', async (t) => {
  const stage = createStage(t);
  const { events } = watchSeats(stage);
  const socket = await stage.open();
  const before = questions(stage).length;
  const refusal = { type: 'error', detail: 'D', channel: 'seats', scheduleId: 7 } as const;
  socket.say({ ...refusal, code: 'OWNER_UNAVAILABLE' });
  stage.clock.advance(400);
  t.equal(questions(stage).length, before);
  stage.clock.advance(600);
  t.equal(questions(stage).length, before + 1);
  socket.say({ ...refusal, code: 'SCHEDULE_NOT_FOUND' });
  stage.clock.advance(20_000);
  t.equal(questions(stage).length, before + 1);
  t.match(events, [{ code: 'OWNER_UNAVAILABLE' }, { code: 'SCHEDULE_NOT_FOUND' }]);
});

t.test('a hello that is refused is told to everybody who watches', async (t) => {
  const stage = createStage(t);
  const { events } = watchSeats(stage);
  const places: (LivePlace | LiveError)[] = [];
  stage.live.queue((event) => void places.push(event));
  stage.socket.fire('open');
  await settle();
  stage.socket.say({ type: 'error', code: 'QUEUE_TOKEN_COMPLETED', detail: 'D' });
  t.same(events, [{ type: 'error', code: 'QUEUE_TOKEN_COMPLETED', detail: 'D' }]);
  t.same(places, events);
});

t.test(
  'a hello that cannot be judged for now is said again on another socket, and is no refusal of the token',
  async (t) => {
    const stage = createStage(t);
    for (let time = 1; time <= 4; time += 1) {
      stage.socket.fire('open');
      await settle();
      stage.socket.say({ type: 'error', code: 'QUEUE_UNAVAILABLE', detail: 'D' });
      t.equal(stage.live.state.type, 'reconnecting');
      stage.socket.close4(4401);
      stage.reconnect();
    }
    t.equal(stage.sockets.length, 5);
  },
);

t.test('places are told as they come, and asked for again on every connection', async (t) => {
  const stage = createStage(t);
  const events: (LivePlace | LiveError)[] = [];
  const stop = stage.live.queue((event) => void events.push(event));
  const socket = await stage.open();
  socket.say({
    type: 'queue',
    status: 'WAITING',
    queuePosition: 12,
    estimatedWaitTime: 6,
    estimatedWaitRange: [2, 18],
  });
  const late: (LivePlace | LiveError)[] = [];
  stage.live.queue((event) => void late.push(event));
  await settle();
  t.match(late, [{ queuePosition: 12 }]);
  socket.say({ type: 'queue', status: 'ACTIVE', queuePosition: 0, estimatedWaitTime: 0, estimatedWaitRange: [0, 0] });
  t.same(events, [
    { type: 'place', status: 'WAITING', queuePosition: 12, estimatedWaitTime: 6, estimatedWaitRange: [2, 18] },
    { type: 'place', status: 'ACTIVE', queuePosition: 0, estimatedWaitTime: 0, estimatedWaitRange: [0, 0] },
  ]);
  stop();
  socket.close4(1012);
  stage.reconnect();
  await stage.open();
  t.same(questions(stage), [{ type: 'subscribe', channel: 'queue' }]);
});

t.test('what a listener throws is reported, and everybody else is told', async (t) => {
  const stage = createStage(t);
  const mistake = new Error('of the page');
  stage.live.seats(7, () => {
    throw mistake;
  });
  stage.live.onState(() => {
    throw mistake;
  });
  const { events } = watchSeats(stage);
  const socket = await stage.open();
  socket.snapshot(3, [FREE]);
  socket.delta(4, 4, [held(1)]);
  t.match(events, [{ seq: 3 }, { seq: 4 }]);
  t.ok(stage.errors.length >= 3);
  t.ok(stage.errors.every((error) => error === mistake));
});

t.test('a service that says nonsense is left, and a frame of a kind that is not known is not nonsense', async (t) => {
  for (const data of ['{', '[]', 'null', '{"type":7}', new ArrayBuffer(2)]) {
    const stage = createStage(t);
    const socket = await stage.open();
    socket.fire('message', { data: '{"type":"confetti"}' });
    t.equal(stage.live.state.type, 'open');
    socket.fire('message', { data });
    t.equal(stage.live.state.type, 'reconnecting', typeof data === 'string' ? data : 'binary');
  }
});

t.test('a client that is told three times that it speaks wrongly stops', async (t) => {
  const stage = createStage(t);
  for (let time = 1; time <= 3; time += 1) {
    await stage.open();
    stage.socket.close4(4400);
    stage.reconnect();
  }
  t.same(stage.live.state, { type: 'closed', code: 4400 });
});

t.test('closing ends the socket and every timer, and is told', async (t) => {
  const stage = createStage(t);
  const { events } = watchSeats(stage);
  const states: LiveState[] = [];
  stage.live.onState((state) => void states.push(state));
  const socket = await stage.open();
  socket.snapshot(1, [FREE]);
  stage.live.close();
  stage.live.close();
  t.equal(socket.closedByClient, true);
  t.equal(stage.clock.pending(), 0);
  t.same(states.at(-1), { type: 'closed', code: 1000 });
  socket.delta(2, 2, [held(1)]);
  stage.live.replaceToken();
  t.equal(events.length, 1);
  t.equal(stage.sockets.length, 1);
});

t.test('closing while a connection is waited for ends the waiting', async (t) => {
  const stage = createStage(t);
  stage.socket.close4(1006);
  t.equal(stage.live.state.type, 'reconnecting');
  stage.live.close();
  t.equal(stage.clock.pending(), 0);
  t.same(stage.live.state, { type: 'closed', code: 1000 });
});

t.test('the clock of the service is known to the millisecond, by whatever frame came quickest', async (t) => {
  const stage = createStage(t);
  const socket = await stage.open();
  t.equal(stage.live.serverNow(), Date.parse(SERVER_TIME));
  stage.clock.advance(1_000);
  socket.say({ type: 'heartbeat', serverTime: '2026-11-20T10:00:00.900Z' });
  t.equal(stage.live.serverNow(), Date.parse(SERVER_TIME) + 1_000, 'one that was late on its way sets nothing back');
  socket.say({ type: 'heartbeat', serverTime: '2026-11-20T10:00:01.200Z' });
  t.equal(stage.live.serverNow(), Date.parse(SERVER_TIME) + 1_200);
});

t.test('whatever is lost, repeated or put in another order, a map is only ever one that the service had', async (t) => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = createRandom(seed);
    const stage = createStage(t);
    const truth: string[][] = [['AVAILABLE', 'AVAILABLE', 'AVAILABLE', 'AVAILABLE']];
    const told: LiveSeatMap[] = [];
    stage.live.seats(7, (event) => {
      if (event.type === 'map') told.push(event);
    });
    let socket = await stage.open();
    let answered = 0;
    const statuses: readonly SeatChange['status'][] = ['AVAILABLE', 'HELD', 'CONFIRMED'];
    const changesFrom = (from: number, to: number): SeatChange[] =>
      (truth[to] ?? []).flatMap((status, index) =>
        truth.slice(from, to + 1).some((map) => map[index] !== truth[from - 1]?.[index])
          ? [{ seatNumber: index + 1, status: status as SeatChange['status'] }]
          : [],
      );
    const say = (from: number, to: number): void => socket.delta(from, to, changesFrom(from, to));
    const answer = (): void => {
      const asked = questions(stage).filter(({ type }) => type === 'subscribe');
      for (; answered < asked.length; answered += 1) {
        const question = asked[answered];
        const since = question !== undefined && 'sinceSeq' in question ? question.sinceSeq : undefined;
        const now = truth.length - 1;
        if (since === undefined || since > now || random.chance(0.2)) {
          socket.snapshot(now, (truth[now] ?? []) as SeatChange['status'][]);
        } else {
          say(since + 1, now);
        }
      }
    };
    for (let step = 0; step < 60; step += 1) {
      if (random.chance(0.6)) {
        const map = [...(truth.at(-1) ?? [])];
        map[random.below(4)] = random.pick(statuses);
        truth.push(map);
      }
      const now = truth.length - 1;
      if (now > 0 && random.chance(0.7)) say(1 + random.below(now), now);
      if (now > 0 && random.chance(0.3)) say(now, now);
      if (random.chance(0.1)) {
        socket.close4(random.pick([1006, 1012, 1013]));
        stage.reconnect();
        socket = await stage.open();
        answered = 0;
      }
      if (random.chance(0.5)) answer();
      stage.clock.advance(500);
    }
    stage.clock.advance(2_000);
    answer();
    say(truth.length, truth.length - 1);
    answer();
    for (const { seq, seats } of told) {
      const wrong = seats.some(({ status }, index) => status !== truth[seq]?.[index]);
      if (wrong) t.fail(`seed ${seed}: the map at ${seq} is none that the service had`);
    }
    t.equal(told.at(-1)?.seq, truth.length - 1, `seed ${seed} ends with the last map`);
    stage.live.close();
  }
});
