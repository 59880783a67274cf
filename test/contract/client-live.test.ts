import t from 'tap';
import { WebSocket as WsSocket } from 'ws';
import { type ClientOptions, createFrontrowClient } from '../../src/client/frontrow-client.ts';
import type { LiveError, LivePlace, LiveSeat, LiveSeatMap, LiveState } from '../../src/client/live/live-events.ts';
import type { ShopperClient } from '../../src/client/shopper-client.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { freePort } from '../fixtures/free-port.ts';
import { addSchedule, enter, openSale, register, startTestService } from '../fixtures/service.ts';
import { startTcpProxy } from '../fixtures/tcp-proxy.ts';
import { waitFor } from '../fixtures/wait-for.ts';
import { readSeatHistory } from '../simulation/live-history.ts';
import { seatWord } from '../simulation/live-watcher.ts';
import { createRandom } from '../simulation/random.ts';

const SEATS = 30;
const SOCKETS = { 'the WebSocket of Node': globalThis.WebSocket, ws: WsSocket } as const;

const database = await createTestDatabase(t);
const port = String(await freePort());
const environment = { PORT: port, MAX_SEATS_PER_USER: '50', LIVE_MESSAGES_PER_MINUTE: '0' };
let api = await startTestService(t, database, environment);
const { url } = api;

/** Seats by number and status, as far as everybody may see them. */
function plain(seats: readonly LiveSeat[]): string {
  return seats.map(({ seatNumber, status, heldUntil = '' }) => `${seatNumber} ${status} ${heldUntil}`).join('\n');
}

/** The same, as the log is told. */
function wordsOf(seats: readonly LiveSeat[]): string {
  return seats.map(({ status, heldUntil = null }) => seatWord({ status, heldUntil })).join('\n');
}

function watch(baseUrl: string, token: () => string, scheduleId: number, options: ClientOptions = {}) {
  const client = createFrontrowClient({ baseUrl, ...options });
  const live = client.live({ token });
  t.teardown(() => live.close());
  const maps: LiveSeatMap[] = [];
  const errors: LiveError[] = [];
  const states: LiveState[] = [];
  live.onState((state) => void states.push(state));
  live.seats(scheduleId, (event) => void (event.type === 'map' ? maps.push(event) : errors.push(event)));
  return { live, maps, errors, states };
}

/** Holds and releases at random, as fast as it is answered. */
async function changeSeats(shopper: ShopperClient, scheduleId: number, changes: number, seed: number): Promise<void> {
  const random = createRandom(seed);
  const held: string[] = [];
  for (let change = 0; change < changes; change += 1) {
    const given = held.length > 0 && random.chance(0.4) ? held.shift() : undefined;
    if (given !== undefined) {
      await shopper.release(given);
      continue;
    }
    const { seats } = await shopper.seats(scheduleId, { status: 'AVAILABLE' });
    if (seats.length === 0) continue;
    const { reservations } = await shopper.hold(scheduleId, [random.pick(seats).seatNumber]);
    held.push(...reservations.map(({ reservationId }) => reservationId));
  }
}

async function openHall() {
  const { concertId, scheduleId } = await openSale(api, { seatCount: SEATS });
  const fan = await enter(api, concertId);
  return { concertId, scheduleId, fan, shopper: createFrontrowClient({ baseUrl: url }).inQueue(fan.queueToken) };
}

for (const [name, WebSocket] of Object.entries(SOCKETS)) {
  t.test(
    `with ${name}: whatever is cut, every map is one that the service had, and the last is its last`,
    async (t) => {
      const { scheduleId, fan, shopper } = await openHall();
      const proxy = await startTcpProxy(t, url);
      // Muted connections are given up in a fraction of the usual time, and many of them in vain are no outage here.
      const liveLimits = {
        firstRetryMs: 20,
        longestRetryMs: 100,
        longestOutageRetryMs: 100,
        welcomeMs: 1_000,
        answerMs: 1_000,
      };
      const watchers = [fan.queueToken, fan.accessToken, fan.queueToken].map((token) =>
        watch(proxy.url, () => token, scheduleId, { WebSocket, liveLimits }),
      );
      await waitFor(() => watchers.every(({ maps }) => maps.length > 0), { what: 'the first maps' });
      let isOver = false;
      const changing = changeSeats(shopper, scheduleId, 1_200, 7).finally(() => {
        isOver = true;
      });
      const random = createRandom(8);
      for (let cuts = 0; !isOver; cuts += 1) {
        const seen = watchers[0]?.maps.length ?? 0;
        await waitFor(() => isOver || (watchers[0]?.maps.length ?? 0) > seen, { what: 'another map' });
        if (random.chance(0.5)) proxy.muteServer();
        else if (random.chance(0.3)) proxy.muteClients();
        // Clients may have nothing to say for long; the service tells every change.
        if (proxy.isServerMute && random.chance(0.7)) {
          await waitFor(() => isOver || proxy.hasSwallowed, { what: 'a loss' });
        }
        proxy.cut();
      }
      await changing;
      proxy.cut();
      const { seq, seats } = await shopper.seats(scheduleId);
      const last = plain(seats);
      const { states: truth } = await readSeatHistory(database, scheduleId);
      for (const { maps, states, errors } of watchers) {
        await waitFor(() => maps.at(-1)?.seq === seq, { what: `the map at ${seq}`, deadlineMs: 20_000 });
        t.equal(plain(maps.at(-1)?.seats ?? []), last);
        const wrong = maps.filter((map) => wordsOf(map.seats) !== truth[map.seq]?.join('\n'));
        t.same(wrong, []);
        t.ok(maps.length > 5, 'many maps were compared');
        t.ok(states.filter(({ type }) => type === 'reconnecting').length > 5, 'and many connections cut');
        t.ok(maps.filter(({ isSnapshot }) => isSnapshot).length < maps.length / 2, 'most went on where they were');
        t.same(errors, []);
      }
    },
  );
}

t.test('a place is pushed as it changes, and the admission at once', async (t) => {
  const { concertId } = await openSale(api, { queue: { batch: 0 } });
  const client = createFrontrowClient({ baseUrl: url });
  const [one, other] = [await enter(api, concertId), await enter(api, concertId)];
  const live = client.live({ token: () => other.queueToken });
  t.teardown(() => live.close());
  const places: (LivePlace | LiveError)[] = [];
  live.queue((event) => void places.push(event));
  await waitFor(() => places.length > 0, { what: 'the place' });
  t.match(places, [{ type: 'place', status: 'WAITING', queuePosition: 2 }]);
  await client.inQueue(one.queueToken).leave();
  await waitFor(() => places.length > 1, { what: 'the next place' });
  t.match(places.at(-1), { queuePosition: 1 });
  await api.admin('PATCH', `/admin/concerts/${concertId}/queue`, { batch: 10 });
  await waitFor(() => places.some((place) => place.type === 'place' && place.status === 'ACTIVE'), {
    what: 'the turn',
  });
  await client.inQueue(other.queueToken).leave();
  await waitFor(() => places.some((place) => place.type === 'place' && place.status === 'CANCELLED'), {
    what: 'the end',
  });
});

t.test('a map goes on with another token when the first one ends', async (t) => {
  const { concertId, scheduleId, fan, shopper } = await openHall();
  const other = createFrontrowClient({ baseUrl: url }).inQueue((await enter(api, concertId)).queueToken);
  let token = fan.queueToken;
  const { live, maps, errors, states } = watch(url, () => token, scheduleId);
  await waitFor(() => maps.length > 0, { what: 'the map' });
  token = fan.accessToken;
  await shopper.leave();
  await waitFor(() => errors.length > 0, { what: 'the end of the token' });
  t.match(errors, [{ type: 'error', code: 'QUEUE_TOKEN_CANCELLED' }]);
  await other.hold(scheduleId, [4]);
  await waitFor(() => maps.at(-1)?.seats[3]?.status === 'HELD', { what: 'the change' });
  t.equal(live.state.type, 'open');
  t.notOk(
    states.some(({ type }) => type === 'reconnecting'),
    'over the same connection',
  );
  t.equal(maps.filter(({ isSnapshot }) => isSnapshot).length, 1, 'from where it was');
});

t.test('a token that is no token ends the connection for good, after a second look', async (t) => {
  const { scheduleId } = await openHall();
  const { live, maps, errors } = watch(url, () => 'nonsense', scheduleId, { liveLimits: { firstRetryMs: 10 } });
  await waitFor(() => live.state.type === 'closed', { what: 'the end' });
  t.same(live.state, { type: 'closed', code: 4401 });
  t.match(errors, [{ code: 'UNAUTHENTICATED' }, { code: 'UNAUTHENTICATED' }]);
  t.same(maps, []);
});

t.test('a schedule that does not exist is refused, and the others go on', async (t) => {
  const { concertId, scheduleId, fan } = await openHall();
  const missing = (await addSchedule(api, concertId, { inDays: 11 })) + 1_000;
  const { live, maps } = watch(url, () => fan.accessToken, scheduleId);
  const told: (LiveSeatMap | LiveError)[] = [];
  live.seats(missing, (event) => void told.push(event));
  await waitFor(() => told.length > 0 && maps.length > 0, { what: 'both answers' });
  t.match(told, [{ type: 'error', code: 'SCHEDULE_NOT_FOUND' }]);
});

t.test("the service's clock is known within a moment", async (t) => {
  const { accessToken } = await register(api);
  const live = createFrontrowClient({ baseUrl: url }).live({ token: () => accessToken });
  t.teardown(() => live.close());
  await waitFor(() => live.state.type === 'open', { what: 'the connection' });
  const { rows } = await database.pool.query<{ now: string }>('SELECT clock_timestamp() AS now');
  const now = Date.parse(String(rows[0]?.now));
  t.ok(Math.abs(live.serverNow() - now) < 1_000, `${live.serverNow() - now} ms`);
});

t.test('after a restart everybody is back with the whole map, and hears of what came after', async (t) => {
  const { scheduleId, fan, shopper } = await openHall();
  const watchers = Array.from({ length: 20 }, () => watch(url, () => fan.accessToken, scheduleId));
  await shopper.hold(scheduleId, [1]);
  await waitFor(() => watchers.every(({ maps }) => maps.at(-1)?.seq === 1), { what: 'the first hold' });
  await api.close();
  await waitFor(() => watchers.every(({ live }) => live.state.type === 'reconnecting'), { what: 'the goodbye' });
  api = await startTestService(t, database, environment);
  await shopper.hold(scheduleId, [2]);
  await waitFor(() => watchers.every(({ maps }) => maps.at(-1)?.seq === 2), {
    what: 'the second hold',
    deadlineMs: 10_000,
  });
  const { seats } = await shopper.seats(scheduleId);
  for (const { maps } of watchers) t.equal(plain(maps.at(-1)?.seats ?? []), plain(seats));
});
