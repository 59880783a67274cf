/**
 * `npm run docs:machine`: writes docs/schedule-machine.md from the schedule machine. A test compares the committed document
 * with this drawing.
 */
import { writeFileSync } from 'node:fs';
import { startScheduleMachine } from '../src/actors/running-machine.ts';
import { scheduleMachine } from '../src/actors/schedule-machine.ts';
import type { ScheduleMachineEvent } from '../src/actors/schedule-machine-event.ts';
import { isBeingSettled, type Seat } from '../src/actors/seat.ts';

const DOCUMENT = new URL('../docs/schedule-machine.md', import.meta.url);

type MachineState = (typeof scheduleMachine)['root'];

interface Transition {
  readonly from: string;
  readonly event: string;
  /** The machine's description; empty when the name suffices. */
  readonly description: string;
  /** `if`: has a guard; `else`: applies when all guards before it refused; `always`: neither. */
  readonly when: 'always' | 'if' | 'else';
  /** Null: the state stays the same; only the seats in the context may change. */
  readonly to: string | null;
}

/** Returns the document. Throws when the machine has a feature that the drawing would omit. */
export function drawScheduleMachine(): string {
  const states = Object.values(scheduleMachine.root.states);
  const transitions = states.flatMap((state) => [...transitionsOf(state), ...inherited(state)]);
  return [
    '# The schedule machine',
    '',
    'Drawn by `npm run docs:machine` from [`schedule-machine.ts`](../src/actors/schedule-machine.ts); change the machine, not this page.',
    '',
    'There is one machine for each concert schedule, and it lives at the schedule’s owner. Its states are those of the schedule;',
    'the seats are in its context. What it grants is tentative: the schedule actor around it lets nothing out before the flush that',
    'carries it is committed.',
    '',
    '## The schedule',
    '',
    '```mermaid',
    ...drawStates(states, transitions),
    '```',
    '',
    'Of the transitions for one event the first whose guard agrees is taken. An event that a state does not name changes nothing.',
    '',
    '| state | event | taken | leads to |',
    '| --- | --- | --- | --- |',
    ...transitions.map(
      ({ from, event, description, when, to }) =>
        `| ${from} | \`${event}\` | ${[when, description].filter((word) => word !== '').join(': ')} | ${to ?? 'stays'} |`,
    ),
    '',
    '## One seat',
    '',
    'Found by sending every event to a machine with a single seat. `PAYING` and `REFUNDING` are known to the owner alone while the',
    'wallet decides; readers see `HELD` and `CONFIRMED` meanwhile.',
    '',
    '```mermaid',
    ...drawSeat(),
    '```',
    '',
  ].join('\n');
}

function transitionsOf(state: MachineState['states'][string]): Transition[] {
  if (Object.keys(state.states).length > 0 || (state.always ?? []).length > 0 || state.invoke.length > 0) {
    throw new Error(`${state.key}: only plain states are drawn`);
  }
  return listTransitions(state.key, [...state.transitions]);
}

/** The machine's own transitions reach every state that does not override them and is not final. */
function inherited(state: MachineState['states'][string]): Transition[] {
  if (state.type === 'final') return [];
  return listTransitions(
    state.key,
    [...scheduleMachine.root.transitions].filter(([event]) => !state.transitions.has(event)),
  );
}

type Candidates = MachineState['transitions'] extends Map<string, infer List> ? List : never;

function listTransitions(from: string, transitions: readonly (readonly [string, Candidates])[]): Transition[] {
  return transitions.flatMap(([event, candidates]) =>
    candidates.map((candidate, index) => ({
      from,
      event,
      description: candidate.description ?? '',
      when: candidate.guard !== undefined ? ('if' as const) : index > 0 ? ('else' as const) : ('always' as const),
      to: candidate.target?.map((target) => target.key).join(', ') ?? null,
    })),
  );
}

function drawStates(
  states: readonly MachineState['states'][string][],
  transitions: readonly Transition[],
): readonly string[] {
  const initial = scheduleMachine.root.initial.target.map((target) => target.key);
  const lines = ['stateDiagram-v2', ...initial.map((key) => `  [*] --> ${key}`)];
  for (const state of states) {
    const reactions = transitions.filter(({ from, to }) => from === state.key && to === null);
    lines.push(`  ${state.key} : ${state.key}`);
    if (state.description !== undefined) lines.push(`  ${state.key} : ${escapeText(state.description)}`);
    for (const event of new Set(reactions.map((reaction) => reaction.event))) lines.push(`  ${state.key} : ${event}`);
  }
  for (const { from, event, description, when, to } of transitions) {
    if (to === null) continue;
    const label = [event, when === 'always' ? '' : when, description === '' ? '' : `[${escapeText(description)}]`];
    lines.push(`  ${from} --> ${to} : ${label.filter((word) => word !== '').join(' ')}`);
  }
  return [...lines, ...states.filter(({ type }) => type === 'final').map(({ key }) => `  ${key} --> [*]`)];
}

/** Colons and semicolons would end a label of the diagram. */
function escapeText(text: string): string {
  return text.replaceAll(';', '#59;').replaceAll(':', '#58;');
}

const AT = 1_000;
const EXPIRES_AT = 2_000;
const HOLDER = { userId: 'holder', reservationId: 'reservation', paymentId: 'payment' };

/** Every event that can reach a seat; settlements end only after they were taken up. */
function eventsFor(seat: Seat): readonly (readonly [string, ScheduleMachineEvent])[] {
  const { userId, reservationId, paymentId } = HOLDER;
  const seatNumbers = [seat.seatNumber];
  const reservationIds = [reservationId];
  const settled = { seatNumber: seat.seatNumber, reservationId, paymentId, at: AT };
  const always: readonly (readonly [string, ScheduleMachineEvent])[] = [
    ['HOLD', { type: 'HOLD', userId, seatNumbers, reservationIds, at: AT, expiresAt: EXPIRES_AT }],
    ['HOLD by another', { type: 'HOLD', userId: 'other', seatNumbers, reservationIds, at: AT, expiresAt: EXPIRES_AT }],
    ['RELEASE', { type: 'RELEASE', userId, reservationId, at: AT }],
    ['RELEASE by another', { type: 'RELEASE', userId: 'other', reservationId, at: AT }],
    ['CANCEL_HOLDS', { type: 'CANCEL_HOLDS', heldBefore: Number.POSITIVE_INFINITY, userId, at: AT }],
    ['EXPIRE too early', { type: 'EXPIRE', dueBy: EXPIRES_AT - 1 }],
    ['EXPIRE', { type: 'EXPIRE', dueBy: EXPIRES_AT }],
    ['TAKE_UP_PAYMENT', { type: 'TAKE_UP_PAYMENT', userId, reservationIds }],
    ['TAKE_UP_REFUND', { type: 'TAKE_UP_REFUND', userId, paymentId }],
  ];
  if (!isBeingSettled(seat)) return always;
  const type = seat.status === 'PAYING' ? 'CONFIRMED' : 'REFUNDED';
  return [
    ...always,
    ['SETTLE', { type: 'SETTLE', events: [{ type, ...settled }] }],
    ['DECLINE', { type: 'DECLINE', reservationIds }],
  ];
}

function drawSeat(): readonly string[] {
  const free: Seat = { seatNumber: 1, price: 1, status: 'AVAILABLE', live: null };
  const met = new Map<Seat['status'], Seat>([[free.status, free]]);
  const arrows = new Map<string, string[]>();
  // The loop also visits entries that it adds to the map.
  for (const seat of met.values()) {
    for (const [label, event] of eventsFor(seat)) {
      const next = seatAfter(seat, event);
      if (next.status === seat.status) continue;
      if (!met.has(next.status)) met.set(next.status, next);
      const arrow = `${seat.status} --> ${next.status}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), label]);
    }
  }
  return [
    'stateDiagram-v2',
    `  [*] --> ${free.status}`,
    ...Array.from(arrows, ([arrow, labels]) => `  ${arrow} : ${mergeLabels(labels).join(', ')}`),
  ];
}

/** Any user may hold a free seat, so both labels of such an event become one. */
function mergeLabels(labels: readonly string[]): readonly string[] {
  return labels.filter((label) => !labels.some((other) => label.startsWith(`${other} by`)));
}

function seatAfter(seat: Seat, event: ScheduleMachineEvent): Seat {
  const machine = startScheduleMachine({ seats: [seat], seatsPerUser: 1 }, (error) => {
    throw error;
  });
  machine.send(event);
  const [after] = machine.hall.seats;
  if (after === undefined) throw new Error('the machine lost its seat');
  return after;
}

if (import.meta.main) writeFileSync(DOCUMENT, drawScheduleMachine());
