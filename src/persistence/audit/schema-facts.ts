/**
 * Facts about the schema from PostgreSQL's catalog, in a form that is the same for all versions.
 *
 * Facts are columns of `pg_catalog`. Where PostgreSQL only gives text (defaults, checks, predicates, the view), the text loses what
 * versions write differently: spaces, parentheses, casts and letter case of keywords. Objects of extensions are left out, and so
 * are PostgreSQL's own not-null constraints, which only some versions list: a column says itself whether it may be null. So are
 * the indexes that REINDEX CONCURRENTLY is building.
 */
import type { PoolClient } from 'pg';

/** The value of each property of an object that is not as it mostly is. */
type Fact = Readonly<Record<string, unknown>>;

export interface SchemaFacts {
  /** Names of the migrations that were run, in order. */
  readonly migrations: readonly string[];
  /** By name, such as `column seats.price`. */
  readonly objects: Readonly<Record<string, Fact>>;
}

const MIGRATIONS_TABLE = 'migrations';

/** Properties that are expressions. */
const EXPRESSIONS = new Set(['default', 'check', 'where', 'definition']);

const columnsOf = (relation: string, numbers: string): string => `(
  SELECT array_agg(a.attname ORDER BY n.position) FROM unnest(${numbers}) WITH ORDINALITY AS n (attnum, position)
  JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = n.attnum)`;

const FACTS = `
WITH ours AS (
  SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.reloptions, c.relhasrules FROM pg_class c
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> '${MIGRATIONS_TABLE}'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), fact (relation, object, fact) AS (
  SELECT relname, 'table ' || relname, jsonb_build_object(
    'kind', nullif(relkind, 'r'), 'persistence', nullif(relpersistence, 'p'), 'hasRowSecurity', nullif(relrowsecurity, false),
    'options', (SELECT jsonb_agg(option ORDER BY option) FROM unnest(reloptions) option),
    'definition', CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END)
  FROM ours
  UNION ALL
  SELECT ours.relname, 'column ' || ours.relname || '.' || a.attname, jsonb_build_object(
    'type', format_type(a.atttypid, a.atttypmod),
    'isNullable', nullif(NOT a.attnotnull OR EXISTS (
      SELECT FROM pg_constraint n WHERE n.conrelid = ours.oid AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated), false),
    'default', pg_get_expr(d.adbin, d.adrelid), 'generated', nullif(a.attgenerated, ''), 'identity', nullif(a.attidentity, ''),
    'sequence', (
      SELECT jsonb_build_object('increment', s.seqincrement, 'least', s.seqmin, 'most', s.seqmax, 'cycles', s.seqcycle)
      FROM pg_sequence s WHERE s.seqrelid = pg_get_serial_sequence(quote_ident(ours.relname), a.attname)::regclass),
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
    'collation', CASE WHEN a.attcollation <> t.typcollation THEN (SELECT collname FROM pg_collation WHERE oid = a.attcollation) END)
  FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = ours.oid AND d.adnum = a.attnum
  UNION ALL
  SELECT ours.relname, 'constraint ' || ours.relname || '.' || c.conname, jsonb_build_object(
    'type', c.contype, 'isNotValidated', nullif(NOT c.convalidated, false), 'isDeferrable', nullif(c.condeferrable, false),
    'columns', ${columnsOf('c.conrelid', 'c.conkey')}, 'check', pg_get_expr(c.conbin, c.conrelid),
    'refersTo', nullif(c.confrelid, 0)::regclass::text, 'referred', ${columnsOf('c.confrelid', 'c.confkey')},
    'onUpdate', nullif(nullif(c.confupdtype, ' '), 'a'), 'onDelete', nullif(nullif(c.confdeltype, ' '), 'a'),
    'areTriggersOff', (SELECT true FROM pg_trigger g WHERE g.tgconstraint = c.oid AND g.tgenabled <> 'O' LIMIT 1))
  FROM ours JOIN pg_constraint c ON c.conrelid = ours.oid WHERE c.contype NOT IN ('n', 't')
  UNION ALL
  SELECT ours.relname, 'index ' || ours.relname || '.' || x.relname, jsonb_build_object(
    'isUnique', nullif(i.indisunique, false), 'isInvalid', nullif(NOT (i.indisvalid AND i.indisready AND i.indislive), false),
    'areNullsEqual', nullif(i.indnullsnotdistinct, false), 'isDeferred', nullif(NOT i.indimmediate, false), 'method', nullif(am.amname, 'btree'),
    'columns', (SELECT jsonb_agg(pg_get_indexdef(i.indexrelid, k, true) ORDER BY k) FROM generate_series(1, i.indnatts) k),
    'order', nullif(i.indoption::text, repeat('0 ', i.indnkeyatts - 1) || '0'),
    'classes', (SELECT jsonb_agg(o.opcname ORDER BY k.position) FROM unnest(i.indclass) WITH ORDINALITY AS k (oid, position)
      JOIN pg_opclass o ON o.oid = k.oid WHERE NOT o.opcdefault),
    'where', pg_get_expr(i.indpred, i.indrelid))
  FROM ours JOIN pg_index i ON i.indrelid = ours.oid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am am ON am.oid = x.relam
  WHERE i.indisvalid OR x.relname !~ '_cc(new|old)[0-9]*$'
  UNION ALL
  SELECT ours.relname, 'trigger ' || ours.relname || '.' || g.tgname, jsonb_build_object(
    'calls', g.tgfoid::regproc::text, 'type', g.tgtype, 'enabled', nullif(g.tgenabled, 'O'))
  FROM ours JOIN pg_trigger g ON g.tgrelid = ours.oid WHERE NOT g.tgisinternal
  UNION ALL
  SELECT ours.relname, 'rule ' || ours.relname || '.' || r.rulename, jsonb_build_object('event', r.ev_type, 'enabled', r.ev_enabled)
  FROM ours JOIN pg_rewrite r ON r.ev_class = ours.oid WHERE r.rulename <> '_RETURN'
  UNION ALL
  SELECT ours.relname, 'policy ' || ours.relname || '.' || p.polname, jsonb_build_object('command', p.polcmd)
  FROM ours JOIN pg_policy p ON p.polrelid = ours.oid
  UNION ALL
  SELECT NULL, 'function ' || p.oid::regprocedure::text, jsonb_build_object('source', md5(p.prosrc), 'volatility', p.provolatile)
  FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)
SELECT relation, object, jsonb_strip_nulls(fact) AS fact FROM fact ORDER BY object`;

interface FactRow {
  /** The table or view that it belongs to. */
  readonly relation: string | null;
  readonly object: string;
  readonly fact: Fact;
}

/** An expression without what versions write differently. */
function plain(expression: string): string {
  return expression
    .replaceAll(/::"?[a-z][a-z0-9_ ]*"?(\[\])?/g, '')
    .replaceAll(/[\s()]+/g, ' ')
    .replaceAll(/ ?([,;=<>]+) ?/g, '$1')
    .trim();
}

function withPlainExpressions(fact: Fact): Fact {
  return Object.fromEntries(
    Object.entries(fact).map(([name, value]) => [
      name,
      EXPRESSIONS.has(name) && typeof value === 'string' ? plain(value) : value,
    ]),
  );
}

/** Reads the facts of the connection's schema; of the tables and views that `isOurs` names, and of functions. */
export async function readSchemaFacts(
  client: Pick<PoolClient, 'query'>,
  isOurs: (relation: string) => boolean = () => true,
): Promise<SchemaFacts> {
  const migrations = await client.query<{ names: string[] | null }>(
    `SELECT array_agg(name::text ORDER BY id) AS names FROM ${MIGRATIONS_TABLE}`,
  );
  const { rows } = await client.query<FactRow>(FACTS);
  const ours = rows.filter(({ relation }) => relation === null || isOurs(relation));
  return {
    migrations: migrations.rows[0]?.names ?? [],
    objects: Object.fromEntries(ours.map(({ object, fact }) => [object, withPlainExpressions(fact)])),
  };
}
