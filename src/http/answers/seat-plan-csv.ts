import { parse } from 'csv-parse/sync';
import type { PlanFault } from '../../booking/seat-plans/check-seat-plan.ts';
import { faultsOfPlan } from '../../booking/seat-plans/check-seat-plan.ts';
import {
  LARGEST_PLAN,
  SEAT_ATTRIBUTES,
  type PlanSeat,
  type SeatAttribute,
  type SeatPlan,
} from '../../domain/seat-plan.ts';
import { faultText, type FaultWords } from './fault-words.ts';
import { isTextUpTo, normaliseText } from '../schemas/formats.ts';
import { FARTHEST_COORDINATE } from '../schemas/seat-plans.ts';

const REQUIRED = ['section', 'row', 'seat', 'level'] as const;
const COLUMNS: ReadonlySet<string> = new Set([...REQUIRED, 'x', 'y', 'attributes']);
const ATTRIBUTES: ReadonlySet<string> = new Set(SEAT_ATTRIBUTES);
const NUMBER = /^-?\d{1,7}(?:\.\d{1,6})?$/;
const isLabel = isTextUpTo(50);

const NO_LABEL = { en: 'must have 1 to 50 characters', ko: '1~50자여야 합니다' };
const NO_NUMBER = {
  en: `must be a number up to ${FARTHEST_COORDINATE}`,
  ko: `${FARTHEST_COORDINATE} 이하의 숫자여야 합니다`,
};
const TOO_MANY_VALUES = { en: 'the row has more values than columns', ko: '행의 값이 열보다 많습니다' };
const ATTRIBUTE_NAMES = SEAT_ATTRIBUTES.join(', ');
const NO_ATTRIBUTE = { en: `may be ${ATTRIBUTE_NAMES}`, ko: `${ATTRIBUTE_NAMES} 중에서 골라야 합니다` };

/** The words for a fault of a plan. */
export function wordsOfPlanFault(fault: PlanFault['fault']): FaultWords {
  if (typeof fault === 'string') return { en: faultText(fault, 'en'), ko: faultText(fault, 'ko') };
  const { tooManySeats } = fault;
  return {
    en: `has ${tooManySeats} seats; a plan has at most ${LARGEST_PLAN}`,
    ko: `좌석이 ${tooManySeats}개입니다. 배치도에는 ${LARGEST_PLAN}개까지 담을 수 있습니다`,
  };
}

/** A fault of a table. Row 1 is the first row below the column names. */
export interface TableFault {
  readonly row: number;
  readonly column: string;
  readonly message: FaultWords;
}

export type ReadPlan =
  | { readonly ok: true; readonly plan: SeatPlan }
  | { readonly ok: false; readonly faults: readonly TableFault[] };

/**
 * Reads a plan from CSV (RFC 4180) with the columns section, row, seat (or label) and level, and optionally x, y and
 * attributes, which are separated by spaces, commas, semicolons or bars. A row of the table is a seat. Seats without
 * coordinates stand side by side, one row of seats behind the other.
 */
export function readPlanTable(name: string, text: string): ReadPlan {
  let records: string[][];
  try {
    records = parse(text, { bom: true, relaxColumnCount: true, skipEmptyLines: true, trim: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const words = { en: `the table cannot be read: ${message}`, ko: `표를 읽을 수 없습니다: ${message}` };
    return { ok: false, faults: [{ row: 0, column: '', message: words }] };
  }
  const [columns = [], ...rows] = records;
  const header = columns.map((column) => (column === 'label' ? 'seat' : column));
  const faults = faultsOfHeader(header);
  if (rows.length === 0)
    faults.push({ row: 0, column: '', message: { en: 'the table has no seats', ko: '표에 좌석이 없습니다' } });
  if (faults.length > 0) return { ok: false, faults };

  const table = new PlanTable(header);
  for (const [index, values] of rows.entries()) table.add(index + 1, values);
  return table.finish(name);
}

function faultsOfHeader(header: readonly string[]): TableFault[] {
  const missing = REQUIRED.filter((column) => !header.includes(column));
  const faults = missing.map(
    (column): TableFault => ({ row: 0, column, message: { en: 'the column is missing', ko: '열이 없습니다' } }),
  );
  for (const [index, column] of header.entries()) {
    if (!COLUMNS.has(column))
      faults.push({
        row: 0,
        column: column.slice(0, 50),
        message: { en: 'is no column of a plan', ko: '배치도에 없는 열입니다' },
      });
    else if (header.indexOf(column) !== index)
      faults.push({ row: 0, column, message: { en: 'the column is there twice', ko: '열이 두 번 있습니다' } });
  }
  return faults;
}

interface TableRow {
  readonly pointer: string;
  readonly seats: PlanSeat[];
}

interface TableSection {
  readonly pointer: string;
  readonly rows: Map<string, TableRow>;
}

/** Collects the seats of a table by section and row, in the order in which each appears first. */
class PlanTable {
  readonly #header: readonly string[];
  readonly #sections = new Map<string, TableSection>();
  /** The row of the table by the pointer to its seat in the plan. */
  readonly #places = new Map<string, number>();
  readonly #levels = new Set<string>();
  readonly #faults: TableFault[] = [];
  #rowsOfSeats = 0;

  constructor(header: readonly string[]) {
    this.#header = header;
  }

  add(row: number, values: readonly string[]): void {
    if (values.length > this.#header.length) {
      this.#faults.push({ row, column: '', message: TOO_MANY_VALUES });
      return;
    }
    const read = (column: string) => values[this.#header.indexOf(column)] ?? '';
    const readLabel = (column: string) => {
      const label = normaliseText(read(column));
      if (!isLabel(label)) this.#faults.push({ row, column, message: NO_LABEL });
      return label;
    };
    const { pointer, seats } = this.#rowOf(readLabel('section'), readLabel('row'));
    const label = readLabel('seat');
    const level = readLabel('level');
    this.#levels.add(level);
    const x = this.#number(row, 'x', read('x'), seats.length);
    const y = this.#number(row, 'y', read('y'), seats[0]?.y ?? this.#rowsOfSeats - 1);
    this.#places.set(`${pointer}/seats/${seats.length}`, row);
    seats.push({ label, x, y, attributes: this.#attributes(row, read('attributes')), level });
  }

  #rowOf(sectionName: string, label: string): TableRow {
    const section: TableSection = this.#sections.get(sectionName) ?? {
      pointer: `/sections/${this.#sections.size}`,
      rows: new Map(),
    };
    this.#sections.set(sectionName, section);
    const known = section.rows.get(label);
    if (known !== undefined) return known;
    const row: TableRow = { pointer: `${section.pointer}/rows/${section.rows.size}`, seats: [] };
    section.rows.set(label, row);
    this.#rowsOfSeats += 1;
    return row;
  }

  finish(name: string): ReadPlan {
    const sections = [...this.#sections].map(([section, { rows }]) => ({
      name: section,
      rows: [...rows].map(([label, { seats }]) => ({ label, seats })),
    }));
    const plan = { name, sections, levels: [...this.#levels].map((level) => ({ name: level })) };
    const faults = [...this.#faults, ...faultsOfPlan(plan).map((fault) => this.#inTable(fault))];
    return faults.length === 0 ? { ok: true, plan } : { ok: false, faults };
  }

  #inTable({ path, fault }: PlanFault): TableFault {
    const row = this.#places.get(path.slice(0, path.lastIndexOf('/'))) ?? 0;
    return { row, column: path.endsWith('/label') ? 'seat' : '', message: wordsOfPlanFault(fault) };
  }

  #number(row: number, column: string, text: string, otherwise: number): number {
    if (text === '') return otherwise;
    const value = Number(text);
    if (NUMBER.test(text) && Math.abs(value) <= FARTHEST_COORDINATE) return value;
    this.#faults.push({ row, column, message: NO_NUMBER });
    return otherwise;
  }

  #attributes(row: number, text: string): SeatAttribute[] {
    const names = text.split(/[\s,;|]+/).filter((name) => name !== '');
    const known = SEAT_ATTRIBUTES.filter((attribute) => names.includes(attribute));
    if (names.some((name) => !ATTRIBUTES.has(name))) {
      this.#faults.push({ row, column: 'attributes', message: NO_ATTRIBUTE });
    }
    return known;
  }
}
