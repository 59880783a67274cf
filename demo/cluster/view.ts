import { bold, dim, openScreen } from '../screen.ts';
import type { FrontCounts } from './front/front.ts';
import type { NodeFigures } from './node-figures.ts';

/** The contents of the terminal. */
export interface ClusterView {
  /** Lines that stay on top. */
  readonly heading: readonly string[];
  readonly nodes: readonly NodeFigures[];
  readonly counts: FrontCounts;
}

export interface View {
  /** Shows an event. */
  say(event: string): void;
  close(): void;
}

const FRAME_MS = 500;
const LINE_EVERY_MS = 5_000;
const EVENTS_SHOWN = 6;

/** On a terminal a picture replaces the last one; elsewhere there is a line every five seconds, and one for each event. */
export function createView(output: NodeJS.WriteStream, look: () => ClusterView): View {
  const events: string[] = [];
  const beganMs = performance.now();
  const screen = openScreen({
    output,
    frameMs: FRAME_MS,
    lineEveryMs: LINE_EVERY_MS,
    draw: (columns) => drawCluster(look(), events, columns),
    describe() {
      const seconds = Math.round((performance.now() - beganMs) / 1_000);
      return `${seconds} s: ${look().nodes.map(describeNode).join(' | ')}`;
    },
  });
  for (const line of look().heading) screen.print(line);
  return {
    say(event) {
      events.push(event);
      screen.print(event);
    },
    close: () => screen.close(),
  };
}

function drawCluster({ heading, nodes, counts }: ClusterView, events: readonly string[], columns: number): string[] {
  const cells = nodes.map((node) => [
    node.name,
    node.processId === null ? '–' : String(node.processId),
    node.state,
    show(node.schedules),
    show(node.holdsPerSecond),
    node.cpuPercent === null ? '–' : `${node.cpuPercent.toFixed(0)} %`,
    node.note,
  ]);
  const header = ['node', 'pid', 'state', 'schedules', 'holds/s', 'CPU', ''];
  const widths = header.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const row = (texts: readonly string[]): string =>
    texts
      .map((text, column) =>
        column >= 3 && column <= 5 ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .slice(0, columns - 1);
  const { problems } = counts;
  return [
    ...heading.map((line) => line.slice(0, columns - 1)),
    '',
    bold(row(header)),
    ...cells.map(row),
    dim(
      `front: ${counts.answered} answered, ${counts.retried} asked again, ${problems.NO_NODE_READY} without a ready node, ` +
        `${problems.NODE_LOST + problems.NODE_SILENT} lost`,
    ),
    ...events.slice(-EVENTS_SHOWN).map((event) => `  ${event}`.slice(0, columns - 1)),
  ];
}

function describeNode({ name, processId, state, note, schedules, holdsPerSecond, cpuPercent }: NodeFigures): string {
  const cpu = cpuPercent === null ? '' : `, ${cpuPercent.toFixed(0)} % CPU`;
  const why = note === '' ? '' : ` (${note})`;
  const load = schedules === null ? '' : `, ${schedules} schedules, ${show(holdsPerSecond)} holds/s${cpu}`;
  return `${name} ${processId ?? '–'} ${state}${why}${load}`;
}

function show(count: number | null): string {
  return count === null ? '–' : count.toFixed(0);
}
