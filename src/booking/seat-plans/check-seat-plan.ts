import { LARGEST_PLAN, type PlanRow, type PlanSection, type SeatPlan } from '../../domain/seat-plan.ts';

/** A fault of a plan; `path` is a JSON pointer to the member that is wrong. */
export interface PlanFault {
  readonly path: string;
  readonly fault: 'is there already' | 'is no level of the plan' | { readonly tooManySeats: number };
}

/** The faults of a plan of the right shape, in its order; empty for a good one. */
export function faultsOfPlan({ sections, levels }: SeatPlan): readonly PlanFault[] {
  const faults: PlanFault[] = [];
  const names = new Set<string>();
  for (const [index, { name }] of levels.entries()) {
    if (names.has(name)) faults.push({ path: `/levels/${index}/name`, fault: 'is there already' });
    names.add(name);
  }
  checkUnique(
    sections,
    ({ name }) => name,
    (index) => `/sections/${index}/name`,
    faults,
  );
  for (const [index, section] of sections.entries()) checkSection(section, `/sections/${index}`, names, faults);
  const total = sections.flatMap(({ rows }) => rows).reduce((sum, { seats }) => sum + seats.length, 0);
  if (total > LARGEST_PLAN) {
    faults.push({ path: '/sections', fault: { tooManySeats: total } });
  }
  return faults;
}

function checkSection({ rows }: PlanSection, path: string, levels: ReadonlySet<string>, faults: PlanFault[]): void {
  checkUnique(
    rows,
    ({ label }) => label,
    (index) => `${path}/rows/${index}/label`,
    faults,
  );
  for (const [index, row] of rows.entries()) checkRow(row, `${path}/rows/${index}`, levels, faults);
}

function checkRow({ seats }: PlanRow, path: string, levels: ReadonlySet<string>, faults: PlanFault[]): void {
  checkUnique(
    seats,
    ({ label }) => label,
    (index) => `${path}/seats/${index}/label`,
    faults,
  );
  for (const [index, { level }] of seats.entries()) {
    if (!levels.has(level)) faults.push({ path: `${path}/seats/${index}/level`, fault: 'is no level of the plan' });
  }
}

function checkUnique<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  pathOf: (index: number) => string,
  faults: PlanFault[],
): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const name = nameOf(item);
    if (seen.has(name)) faults.push({ path: pathOf(index), fault: 'is there already' });
    seen.add(name);
  }
}
