/**
 * `npm run bench:footprint`: what a hold, a schedule, a live connection and somebody who waits cost in bytes, and the line in
 * Redis in CPU: what docs/scaling.md calculates with.
 */
import { createField } from './contestants/field.ts';
import { theService } from './fan-out/hall.ts';
import { measureLine } from './footprint/line.ts';
import { measureSchedules, measureSockets } from './footprint/memory.ts';
import { measureStorage } from './footprint/storage.ts';
import { createLoadProcess } from './load/load-process.ts';
import { describeMachine } from '../harness/machine/description.ts';
import { readCount, readOptions } from '../harness/options.ts';
import { writeFigures } from './report/figures-file.ts';
import { summariseFootprint } from './report/footprint-report.ts';

const USAGE = `npm run bench:footprint -- [options]
  --holds 100000      held by 64 and then by 512 connections
  --schedules 10000   of 50 and then of 500 seats (a tenth of them)
  --sockets 8000      that watch one schedule
  --waiting 20000     in one line in Redis; 0 leaves it out
  --output FILE       figures as JSON
  --keep true         keep the database`;

const options = readOptions(USAGE, {
  holds: '100000',
  schedules: '10000',
  sockets: '8000',
  waiting: '20000',
  output: null,
  keep: null,
});
const holds = readCount('holds', options.holds, 1_000, 1_000_000);
const schedules = readCount('schedules', options.schedules, 100, 100_000);
const sockets = readCount('sockets', options.sockets, 100, 18_000);
const waiting = readCount('waiting', options.waiting, 0, 1_000_000);

const machine = describeMachine();
const field = await createField({ only: ['frontrow'], poolSize: 1 });
const load = createLoadProcess();
let faults: readonly string[] = [];
try {
  const storage = [
    await measureStorage(field, load, { holds, connections: 64 }),
    await measureStorage(field, load, { holds, connections: 512 }),
  ];
  console.error('storage is measured');
  const small = await measureSchedules(field, load, { count: schedules, seatCount: 50 });
  const large = await measureSchedules(field, load, { count: Math.ceil(schedules / 10), seatCount: 500 });
  console.error('schedules are measured');
  const watchers = await measureSockets(field, { count: sockets });
  console.error('live connections are measured');
  const line = waiting === 0 ? null : await measureLine(field, load, { count: waiting });
  faults = await theService(field).findFaults();
  const figures = { storage, schedules: { small, large }, watchers, line };
  console.log(summariseFootprint({ machine, figures, faults }));
  writeFigures(options.output, { machine, ...figures, faults });
} finally {
  load.close();
  await field.close(options.keep === 'true');
}
process.exitCode = faults.length === 0 ? 0 : 1;
