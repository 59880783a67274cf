import { count } from '../harness/options.ts';
import { createField } from './contestants/field.ts';
import { measureLine } from './footprint/line.ts';
import { measureSchedules, measureSockets } from './footprint/memory.ts';
import { measureStorage } from './footprint/storage.ts';
import { createLoadProcess } from './load/load-process.ts';
import { summariseFootprint } from './report/footprint-report.ts';
import { createBenchmark } from './run-benchmark.ts';

/** The prices that docs/scaling.md calculates with. */
export const footprint = createBenchmark({
  name: 'footprint',
  says: 'bytes of a hold, a schedule, a live connection and a waiting person, and CPU of a line in Redis (5 min)',
  options: {
    holds: count(100_000, 1_000, 1_000_000, 'made over 64 and then over 512 connections'),
    schedules: count(10_000, 100, 100_000, 'of 50 seats, and a tenth as many of 500 seats'),
    sockets: count(8_000, 100, 18_000, 'live connections that watch one schedule'),
    waiting: count(20_000, 0, 1_000_000, 'people in one line in Redis; 0 leaves this part out'),
  },
  async measure({ holds, schedules, sockets, waiting }, run) {
    const field = await createField(run, { only: ['frontrow'] });
    const load = createLoadProcess();
    run.onEnd(() => load.close());
    const storage = [
      await measureStorage(field, load, { holds, connections: 64 }),
      await measureStorage(field, load, { holds, connections: 512 }),
    ];
    run.tell('storage is measured');
    const small = await measureSchedules(field, load, { count: schedules, seatCount: 50 });
    const large = await measureSchedules(field, load, { count: Math.ceil(schedules / 10), seatCount: 500 });
    run.tell('schedules are measured');
    const watchers = await measureSockets(field, { count: sockets });
    run.tell('live connections are measured');
    const line = waiting === 0 ? null : await measureLine(field, load, { count: waiting });
    await field.audit();
    return { storage, schedules: { small, large }, watchers, line, postgres: await field.postgres.describe() };
  },
  summarise: summariseFootprint,
});
