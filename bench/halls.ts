import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Command, Reply } from '../src/actors/command.ts';
import { ConfirmedSeats } from '../src/actors/confirmed-seats.ts';
import { createEndedTokens } from '../src/actors/ended-tokens.ts';
import { createPendingCommand } from '../src/actors/pending-command.ts';
import { ScheduleActor } from '../src/actors/schedule-actor.ts';
import { layOut, type SeatLayout } from '../src/actors/seating/seat-layout.ts';
import { generatePlan, numberSeats, type SeatPlan } from '../src/domain/seat-plan.ts';
import { DEFAULT_SEAT_RULES, type SeatRules } from '../src/domain/seat-rules.ts';
import { SeatState } from '../src/http/live/seat-state.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { createIdSource } from '../src/runtime/ids.ts';
import { count } from '../harness/options.ts';
import type { RunFigures } from './report/run-figures.ts';
import { createBenchmark } from './run-benchmark.ts';

const SEATS_PER_ROW = 40;
const NOW_MS = 1_000_000;
const FAR_AWAY_MS = 1_000_000_000;
/** Holds of one flush. */
const BATCH = 10;

interface HallFigures {
  readonly hall: string;
  readonly scheduleKib: number;
  readonly planKib: number;
  readonly emptySnapshotKib: number;
  readonly fullSnapshotKib: number;
  /** CPU µs each. */
  readonly snapshot: number;
  readonly delta: number;
  readonly hold: number;
  readonly holdBest: number;
  readonly holdForbidding: number;
}

interface HallsFigures extends RunFigures {
  readonly halls: readonly HallFigures[];
}

/** A hall of rows of forty with two aisles, in sections of ten rows. */
function drawHall(seatCount: number): SeatPlan {
  const rows = Array.from({ length: seatCount / SEATS_PER_ROW }, (_, y) => ({
    label: String(y + 1),
    seats: Array.from({ length: SEATS_PER_ROW }, (_seat, x) => ({
      label: String(x + 1),
      x: x + (x >= 10 ? 1 : 0) + (x >= 30 ? 1 : 0),
      y,
      level: y % 2 === 0 ? 'R' : 'S',
      attributes: [9, 10, 29, 30].includes(x) ? (['AISLE'] as const) : [],
    })),
  }));
  const sections = Array.from({ length: Math.ceil(rows.length / 10) }, (_, index) => ({
    name: `${index + 1}층`,
    rows: rows.slice(10 * index, 10 * index + 10),
  }));
  return { name: 'hall', sections, levels: [{ name: 'R' }, { name: 'S' }] };
}

function createActor(scheduleId: number, seatCount: number, layout: () => SeatLayout, rules: SeatRules): ScheduleActor {
  const seats = Array.from({ length: seatCount }, (_, index) => ({
    seatNumber: index + 1,
    price: 1_000,
    status: 'AVAILABLE' as const,
    live: null,
  }));
  const change = { epoch: 1, seq: 0, flush: null, position: 0 };
  const times = {
    bookingOpensAtMs: 0,
    bookingClosesAtMs: FAR_AWAY_MS,
    reservationOpensAtMs: null,
    closed: false,
    cancelled: false,
    startsAtMs: FAR_AWAY_MS,
  };
  const nextId = createIdSource();
  return new ScheduleActor({
    facts: { scheduleId, concertId: 1, startsAt: new Date(FAR_AWAY_MS).toISOString(), ...times, ...rules },
    confirmed: new ConfirmedSeats(
      scheduleId,
      1,
      0,
      seats,
      seats.map(() => change),
    ),
    recentHolds: [],
    settings: { holdTtlMs: 300_000, holdTotalMs: 900_000, seatsPerUser: 4 },
    endedTokens: createEndedTokens({ clock: systemClock }),
    databaseClock: { lowerMs: () => NOW_MS, upperMs: () => NOW_MS },
    journal: { requestAppend: () => undefined, requestSettlement: () => undefined },
    publisher: {
      isWatched: () => false,
      watched: () => [],
      publish: () => undefined,
      announce: () => undefined,
    },
    newId: () => nextId(NOW_MS),
    layout,
    isLeaseValid: () => true,
    expiresAt: () => undefined,
    onEnded: () => undefined,
    onProgress: () => undefined,
    lost: () => undefined,
    bug: (_actor, error) => {
      throw error;
    },
  });
}

/** Asks and commits; the reply. */
function ask(actor: ScheduleActor, commands: readonly Command[]): readonly (Reply | null)[] {
  const replies: (Reply | null)[] = commands.map(() => null);
  for (const [index, command] of commands.entries()) {
    actor.submit(
      createPendingCommand({
        command,
        resolve: (reply) => {
          if (reply.outcome !== 'elsewhere') replies[index] = reply;
        },
        reject: (error) => {
          throw error;
        },
        handOn: () => undefined,
      }),
    );
  }
  const batch = actor.takeAppend(randomUUID());
  if (batch !== null) actor.concludeAppend({ type: 'committed', epoch: batch.epoch, isOwner: true });
  return replies;
}

const shopper = (scheduleId: number) => {
  const userId = randomUUID();
  return { scheduleId, userId, tokenId: userId, admittedAtMs: NOW_MS, claim: null };
};

/** CPU µs of this process for each of `times` calls. */
function cpuOf(times: number, call: (nth: number) => void): number {
  const before = process.cpuUsage();
  for (let nth = 0; nth < times; nth += 1) call(nth);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

function isProcedure(value: unknown): value is () => void {
  return typeof value === 'function';
}

function collect(): number {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (!isProcedure(gc)) throw new Error('the garbage collector cannot be called');
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

/** CPU µs of a hold; the commands of a round take four fifths of the hall. */
function cpuOfHolds(
  rounds: number,
  seatCount: number,
  layout: () => SeatLayout,
  rules: SeatRules,
  commandOf: (nth: number) => Command,
): number {
  const flushes = Math.floor((0.4 * seatCount) / BATCH);
  let granted = 0;
  const total = cpuOf(rounds, () => {
    const actor = createActor(1, seatCount, layout, rules);
    for (let flush = 0; flush < flushes; flush += 1) {
      const commands = Array.from({ length: BATCH }, (_, index) => commandOf(flush * BATCH + index));
      granted += ask(actor, commands).filter((reply) => reply?.outcome === 'granted').length;
    }
  });
  const asked = rounds * flushes * BATCH;
  if (granted < asked) throw new Error(`only ${granted} of ${asked} holds were granted`);
  return total / (flushes * BATCH);
}

function measureHall(hall: string, plan: SeatPlan, schedules: number, rounds: number): HallFigures {
  const seatCount = numberSeats(plan).length;
  const atStart = collect();
  const layouts = Array.from({ length: 10 }, () => layOut(plan));
  const planKib = (collect() - atStart) / layouts.length / 1_024;
  const [first] = layouts;
  if (first === undefined) throw new Error('no layout');
  const layout = () => first;
  const before = collect();
  const actors = Array.from({ length: schedules }, (_, index) =>
    createActor(index + 1, seatCount, layout, DEFAULT_SEAT_RULES),
  );
  const scheduleKib = (collect() - before) / actors.length / 1_024;
  const [actor] = actors;
  if (actor === undefined) throw new Error('no schedule');
  const mapOf = () => {
    const [reply] = ask(actor, [{ type: 'ReadSeatMap', scheduleId: 1 }]);
    if (reply?.outcome !== 'granted' || !('seats' in reply.value)) throw new Error('no map');
    return reply.value;
  };
  const emptySnapshotKib = new SeatState(mapOf()).snapshot().length / 1_024;
  for (let seatNumber = 1; seatNumber <= seatCount; seatNumber += 1) {
    ask(actor, [{ type: 'HoldSeats', ...shopper(1), seatNumbers: [seatNumber] }]);
  }
  const map = mapOf();
  const state = new SeatState(map);
  const fullSnapshotKib = state.snapshot().length / 1_024;
  let seq = map.seq;
  const touch = () => {
    seq += 1;
    const updates = [{ seatNumber: 1 + (seq % seatCount), status: 'AVAILABLE' as const, heldUntil: null }];
    state.apply({ scheduleId: 1, epoch: 1, fromSeq: seq, seq, updates });
  };
  const pick = (nth: number): Command => ({
    type: 'HoldSeats',
    ...shopper(1),
    seatNumbers: [2 * nth + 1, 2 * nth + 2],
  });
  const filter = { section: null, level: null, maxPrice: null };
  const best = (): Command => ({ type: 'HoldBestSeats', ...shopper(1), count: 2, isTogether: true, filter });
  const forbidding: SeatRules = { ...DEFAULT_SEAT_RULES, singleSeats: 'FORBID' };
  const holdsOf = (rules: SeatRules, commandOf: (nth: number) => Command): number => {
    cpuOfHolds(Math.ceil(rounds / 4), seatCount, layout, rules, commandOf);
    return cpuOfHolds(rounds, seatCount, layout, rules, commandOf);
  };
  return {
    hall,
    planKib,
    scheduleKib,
    emptySnapshotKib,
    fullSnapshotKib,
    snapshot: cpuOf(200, () => {
      touch();
      state.snapshot();
    }),
    delta: cpuOf(2_000, () => {
      touch();
      state.deltaAfter(seq - 1);
    }),
    hold: holdsOf(DEFAULT_SEAT_RULES, pick),
    holdBest: holdsOf(DEFAULT_SEAT_RULES, best),
    holdForbidding: holdsOf(forbidding, pick),
  };
}

function summarise({ halls }: HallsFigures): string {
  const head =
    '| hall | layout | schedule | snapshot, free | snapshot, held | snapshot | delta | hold | best seats | hold, FORBID |';
  const rows = halls.map(
    (each) =>
      `| ${each.hall} | ${each.planKib.toFixed(0)} KiB | ${each.scheduleKib.toFixed(0)} KiB | ${each.emptySnapshotKib.toFixed(0)} KiB | ${each.fullSnapshotKib.toFixed(0)} KiB | ${each.snapshot.toFixed(0)} µs | ${each.delta.toFixed(0)} µs | ${each.hold.toFixed(0)} µs | ${each.holdBest.toFixed(0)} µs | ${each.holdForbidding.toFixed(0)} µs |`,
  );
  return [head, '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |', ...rows].join('\n');
}

/** The figures of docs/seat-plans.md. No database and no network take part. */
export const halls = createBenchmark<
  { schedules: ReturnType<typeof count>; rounds: ReturnType<typeof count> },
  HallsFigures
>({
  name: 'halls',
  says: 'memory, frames and CPU of decisions for halls of 50, 500 and 2 000 seats, in one process (1 min)',
  options: {
    schedules: count(200, 10, 5_000, 'whose memory is measured'),
    rounds: count(20, 1, 1_000, 'in each of which holds take four fifths of a hall'),
  },
  async measure({ schedules, rounds }) {
    const generated = (seats: number) => generatePlan(Array.from({ length: seats }, () => 1_000));
    return {
      // No server takes part.
      postgres: {},
      halls: [
        measureHall('50 seats, rows of ten', generated(50), schedules, 10 * rounds),
        measureHall('500 seats, rows of ten', generated(500), schedules, rounds),
        measureHall('500 seats, drawn', drawHall(520), schedules, rounds),
        measureHall('2 000 seats, drawn', drawHall(2_000), schedules, Math.ceil(rounds / 4)),
      ],
    };
  },
  summarise,
});
