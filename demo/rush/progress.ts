import { bold, dim, openScreen } from '../screen.ts';
import type { RushView } from './rush.ts';

/** Shows a rush while it runs; `close` leaves the last picture on the screen. */
export interface Progress {
  close(): void;
}

const FRAME_MS = 150;
const LINE_EVERY_MS = 2_000;
const BAR_CELLS = 25;

/** On a terminal a picture replaces the last one; elsewhere there is a line every two seconds. */
export function createProgress(output: NodeJS.WriteStream, look: () => RushView): Progress {
  const describe = (): string => describeRush(look());
  const draw = (columns: number): readonly string[] => drawRush(look(), columns);
  const screen = openScreen({ output, frameMs: FRAME_MS, lineEveryMs: LINE_EVERY_MS, draw, describe });
  return {
    close() {
      screen.close();
      screen.print(describe());
    },
  };
}

function drawRush(view: RushView, columns: number): string[] {
  const { statistics } = view;
  const crowd = countFans(view);
  const hold = statistics.latencyOf('hold');
  const lines = [
    `${bold(view.title)}  ${dim(view.phase)}`,
    ...view.board.map((date) => {
      const cells = (count: number): number => Math.round((count / Math.max(date.total, 1)) * BAR_CELLS);
      const sold = cells(date.sold);
      const held = Math.min(cells(date.held), BAR_CELLS - sold);
      const bar = `${'█'.repeat(sold)}${'▒'.repeat(held)}${dim('·'.repeat(BAR_CELLS - sold - held))}`;
      return `  ${date.startsAt.slice(0, 10)}  ${bar}  ${date.sold} of ${date.total} sold, ${date.held} held`;
    }),
    `  ${crowd.inside} queueing or shopping · ${crowd.withTickets} with tickets · ${crowd.without} gone without`,
    `  ${seconds(view)} s · ${rate(view)} requests/s · holds p50 ${hold.p50Ms.toFixed(0)} ms, p99 ${hold.p99Ms.toFixed(0)} ms`,
    `  seat taken ${statistics.refusals().get('SEAT_TAKEN') ?? 0} × · asked again ${sum(statistics.retries())} ×`,
  ];
  // A line that is too long would wrap, and the next picture would not cover it.
  return lines.map((line) => (line.includes('\u001b') ? line : line.slice(0, columns - 1)));
}

function describeRush(view: RushView): string {
  const crowd = countFans(view);
  const sold = view.board.reduce((total, date) => total + date.sold, 0);
  const all = view.board.reduce((total, date) => total + date.total, 0);
  const registered = view.fans.filter((fan) => fan.userId !== '').length;
  return view.phase === 'registering'
    ? `${registered} of ${view.fans.length} fans registered`
    : `${seconds(view)} s: ${sold} of ${all} seats sold, ${crowd.inside} fans queueing or shopping, ${rate(view)} requests/s`;
}

function countFans({ fans }: RushView): { inside: number; withTickets: number; without: number } {
  const withTickets = fans.filter((fan) => fan.tickets.length > 0).length;
  const without = fans.filter((fan) => fan.tickets.length === 0 && fan.end !== null).length;
  return { inside: fans.length - withTickets - without, withTickets, without };
}

function seconds({ elapsedMs }: RushView): string {
  return (elapsedMs / 1_000).toFixed(1);
}

function rate({ statistics, elapsedMs, phase }: RushView): string {
  const registered = phase === 'registering' ? 0 : statistics.answersOf('register');
  return ((statistics.answers() - registered) / Math.max(elapsedMs / 1_000, 0.1)).toFixed(0);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
