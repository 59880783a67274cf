/**
 * Settings of PostgreSQL on which this service's SQL depends. Each connection sets them, because a role, a database or the server
 * may have others: under another DateStyle a completed charge was answered as refused.
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
  // Idle connections of pools and lanes stay open.
  idle_session_timeout: '0',
} as const;

/**
 * How soon the server gives up a vanished client, whose backend keeps row locks until then. The defaults of the operating system
 * take hours. Probes detect a dead idle connection within 5 s (2 s, then three probes a second apart), and an answer that the
 * client does not acknowledge breaks the connection within 5 s too.
 */
const VANISHED_CLIENT = {
  tcp_keepalives_idle: '2',
  tcp_keepalives_interval: '1',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '5000',
} as const;

/** URL parameters that would override this service's settings in the driver. */
const OVERRIDING = ['options', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];

/** The startup options of a connection, from settings by name. */
export function startupOptions(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries({ ...PINNED, ...VANISHED_CLIENT, ...settings })
    .map(([name, value]) => `-c ${name}=${String(value).replaceAll('\\', '\\\\').replaceAll(' ', '\\ ')}`)
    .join(' ');
}

/**
 * Removes the overriding parameters from the URL, and puts the URL's `options` before this service's: of two values of a setting
 * the server takes the last.
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
