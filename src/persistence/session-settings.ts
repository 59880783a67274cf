/**
 * Settings of PostgreSQL that this service's SQL depends on. They are set when a connection starts, because a role, a
 * database or the server may have others: under another DateStyle a charge that was done was answered as refused.
 */
const PINNED = {
  // How values are written and read.
  datestyle: 'ISO,YMD',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  // What a commit means.
  default_transaction_isolation: 'read committed',
  synchronous_commit: 'on',
  // Idle connections of a pool and of a lane are to stay.
  idle_session_timeout: '0',
} as const;

/**
 * How soon the server gives up a client that vanished without a word. Its backend keeps row locks until then; by the defaults
 * of the operating system that takes hours. Probes find a dead idle connection within 5 s (2 s, then three probes a second
 * apart), and an answer that the client does not acknowledge breaks the connection within 5 s too.
 */
const VANISHED_CLIENT = {
  tcp_keepalives_idle: '2',
  tcp_keepalives_interval: '1',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '5000',
} as const;

/** Parameters of a URL that the driver would take instead of ours. */
const OVERRIDING = ['options', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];

/** Settings by name as the server takes them with the start of a connection. */
export function startupOptions(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries({ ...PINNED, ...VANISHED_CLIENT, ...settings })
    .map(([name, value]) => `-c ${name}=${String(value).replaceAll('\\', '\\\\').replaceAll(' ', '\\ ')}`)
    .join(' ');
}

/**
 * The URL without what would override the settings of a connection, and its own `options` followed by ours: of two values
 * for one setting the server takes the last.
 */
export function withStartupOptions(
  databaseUrl: string,
  options: string,
): { readonly connectionString: string; readonly options: string } {
  if (!URL.canParse(databaseUrl)) return { connectionString: databaseUrl, options };
  const url = new URL(databaseUrl);
  const given = url.searchParams.get('options');
  if (!OVERRIDING.some((name) => url.searchParams.has(name))) return { connectionString: databaseUrl, options };
  for (const name of OVERRIDING) url.searchParams.delete(name);
  return { connectionString: url.href, options: given === null ? options : `${given} ${options}` };
}
