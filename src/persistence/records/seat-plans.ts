import {
  newestOf,
  numberSeats,
  type PlanKey,
  type SeatPlan,
  type SeatPlans,
  type SeatPlanSummary,
  type StoredPlan,
} from '../../domain/seat-plan.ts';
import { createBoundedMap } from '../../runtime/bounded-map.ts';
import { type Connections, readRows } from '../journal/statement.ts';
import type { Query } from '../journal/transaction.ts';
import { recordChange } from './recorded-change.ts';

/** One of 2 000 seats takes about 500 KiB. */
const REMEMBERED_VERSIONS = 50;

interface PlanRow {
  plan_id: number;
  name: string;
  versions: readonly { version: number; totalSeats: number; createdAt: string }[];
}

const SUMMARY = `
  SELECT p.plan_id, p.name, jsonb_agg(jsonb_build_object(
    'version', v.version, 'totalSeats', v.total_seats, 'createdAt', v.created_at) ORDER BY v.version) AS versions
  FROM seat_plans p JOIN seat_plan_versions v USING (plan_id)`;
const FIND = `${SUMMARY} WHERE p.plan_id = $1 GROUP BY p.plan_id`;
const PAGE = `${SUMMARY} WHERE $1::bigint IS NULL OR p.plan_id < $1 GROUP BY p.plan_id ORDER BY p.plan_id DESC LIMIT $2`;
const FIND_VERSION = 'SELECT plan FROM seat_plan_versions WHERE plan_id = $1 AND version = $2';
const INSERT_PLAN = 'INSERT INTO seat_plans (name) VALUES ($1) RETURNING plan_id';
/** Locks the plan, so that versions are numbered one after the other. */
const RENAME_PLAN = 'UPDATE seat_plans SET name = $2 WHERE plan_id = $1 RETURNING plan_id';
const INSERT_VERSION = `
  INSERT INTO seat_plan_versions (plan_id, version, total_seats, plan)
  SELECT $1, 1 + coalesce((SELECT max(version) FROM seat_plan_versions WHERE plan_id = $1), 0), $2, $3`;

function summaryOf({ plan_id: planId, name, versions }: PlanRow): SeatPlanSummary {
  return {
    planId,
    name,
    versions: versions.map(({ version, totalSeats, createdAt }) => ({
      version,
      totalSeats,
      createdAtMs: Date.parse(createdAt),
    })),
  };
}

async function insertVersion(query: Query, planId: number, plan: SeatPlan): Promise<StoredPlan> {
  await query(INSERT_VERSION, [planId, numberSeats(plan).length, JSON.stringify(plan)]);
  const [row] = await query<PlanRow>(FIND, [planId]);
  if (row === undefined) throw new Error(`plan ${planId} has vanished`);
  const summary = summaryOf(row);
  return { summary, version: newestOf(summary), plan };
}

/** Stores a new plan as its version 1. */
export async function insertPlan(query: Query, plan: SeatPlan): Promise<StoredPlan> {
  const [row] = await query<{ plan_id: number }>(INSERT_PLAN, [plan.name]);
  if (row === undefined) throw new Error('an INSERT returned no row');
  return insertVersion(query, row.plan_id, plan);
}

function describe({ summary, version }: StoredPlan): object {
  return { name: summary.name, version: version.version, totalSeats: version.totalSeats };
}

/** Seat plans in PostgreSQL. Versions that were read are kept in memory: they never change. */
export function createSeatPlans({ pool }: { readonly pool: Connections }): SeatPlans {
  const versions = createBoundedMap<string, SeatPlan>(REMEMBERED_VERSIONS);

  async function readVersion({ planId, version }: PlanKey): Promise<SeatPlan | null> {
    const statement = { text: FIND_VERSION, values: [planId, version] };
    const [row] = await readRows<{ plan: SeatPlan }>(pool, statement);
    if (row === undefined) return null;
    const { plan } = row;
    versions.set(`${planId} ${version}`, plan);
    return plan;
  }

  return {
    findVersion: (key) => versions.get(`${key.planId} ${key.version}`) ?? readVersion(key),

    async find(planId) {
      const [row] = await readRows<PlanRow>(pool, { text: FIND, values: [planId] });
      return row === undefined ? null : summaryOf(row);
    },

    async list({ limit, after }) {
      const plans = (await readRows<PlanRow>(pool, { text: PAGE, values: [after, limit + 1] })).map(summaryOf);
      const items = plans.slice(0, limit);
      return { items, nextCursor: plans.length > limit ? String(items.at(-1)?.planId ?? '') : null };
    },

    async readPrices(scheduleId) {
      const text = 'SELECT price FROM seats WHERE schedule_id = $1 ORDER BY seat_number';
      return (await readRows<{ price: number }>(pool, { text, values: [scheduleId] })).map(({ price }) => price);
    },

    create: (plan, act) =>
      recordChange(pool, act, async (query) => {
        const value = await insertPlan(query, plan);
        const target = `plan:${value.summary.planId}`;
        return { value, entry: { action: 'plan.create', target, before: null, after: describe(value) } };
      }),

    addVersion: (planId, plan, act) =>
      recordChange(pool, act, async (query) => {
        if ((await query(RENAME_PLAN, [planId, plan.name])).length === 0) {
          return { code: 'SEAT_PLAN_NOT_FOUND', members: {} };
        }
        const value = await insertVersion(query, planId, plan);
        const target = `plan:${planId}`;
        return { value, entry: { action: 'plan.version', target, before: null, after: describe(value) } };
      }),
  };
}
