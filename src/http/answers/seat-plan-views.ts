import { isoOf } from '../../domain/instant.ts';
import {
  numberSeats,
  type PlanVersion,
  type SeatPlan,
  type SeatPlanSummary,
  type StoredPlan,
} from '../../domain/seat-plan.ts';

function viewVersion({ version, totalSeats, createdAtMs }: PlanVersion) {
  return { version, totalSeats, createdAt: isoOf(createdAtMs) };
}

/** API shape `SeatPlanSummary`. */
export function viewPlanSummary({ planId, name, versions }: SeatPlanSummary) {
  return { planId, name, versions: versions.map(viewVersion) };
}

/** API shape `SeatPlan`. */
export function viewPlan({ summary, version, plan }: StoredPlan) {
  const { planId, name, versions } = viewPlanSummary(summary);
  return { planId, name, ...viewVersion(version), levels: plan.levels, sections: viewSections(plan), versions };
}

/** Sections and rows with the seats' numbers. */
export function viewSections(plan: SeatPlan) {
  const numbers = new Map(numberSeats(plan).map(({ seat, seatNumber }) => [seat, seatNumber]));
  return plan.sections.map(({ name, rows }) => ({
    name,
    rows: rows.map(({ label, seats }) => ({
      label,
      seats: seats.map((seat) => ({ seatNumber: numbers.get(seat) ?? 0, ...seat })),
    })),
  }));
}
