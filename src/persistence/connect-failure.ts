import { OperatorError } from '../runtime/operator-error.ts';
import { sqlState } from './database-errors.ts';

/** Errors with which Node refuses the certificate of a server. */
const CERTIFICATE_REFUSED = /^(?:ERR_TLS_|CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_)/;

/** Why PostgreSQL cannot be used, in a sentence for the operator: the address, the cause and the remedy, without the password. */
export function connectFailure(error: unknown, databaseUrl: string): OperatorError {
  return new OperatorError(describe(error, databaseUrl), { cause: error });
}

function describe(error: unknown, databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const host = url.hostname === '' ? (url.searchParams.get('host') ?? 'localhost') : decodeURIComponent(url.hostname);
  const server = `PostgreSQL at ${host}:${url.port === '' ? '5432' : url.port}`;
  const role = url.username === '' ? 'of the system user' : `"${decodeURIComponent(url.username)}"`;
  const database = decodeURIComponent(url.pathname.slice(1));
  switch (sqlState(error)) {
    case '28P01':
      return `${server} refuses the password of the role ${role}; correct the password in DATABASE_URL`;
    case '28000':
      return `${server} does not let the role ${role} in (${wordsOf(error)}); check the role and sslmode in DATABASE_URL, and pg_hba.conf of the server`;
    case '3D000':
      return `${server} has no database "${database}"; create it with: createdb -h ${host} ${database}`;
    case '42501':
      return `${server} does not let the role ${role} use the database "${database}"; grant it CONNECT and CREATE`;
    case '53300':
      return `${server} has no free connection; raise max_connections or stop other clients`;
    case '57P03':
      return `${server} is starting up or shutting down; start frontrow again when it accepts connections`;
    case undefined:
      break;
    default:
      return `${server} refuses the session (${wordsOf(error)})`;
  }
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') {
    return `${server} refuses the connection; start the server, or correct the address in DATABASE_URL`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `the host name ${host} of DATABASE_URL is not known (${code}); correct it, or the name service of this machine`;
  }
  if (code !== undefined && CERTIFICATE_REFUSED.test(code)) {
    return `the certificate of ${server} is not trusted (${code}); name its authority with sslrootcert in DATABASE_URL`;
  }
  // The driver reports a time limit and a server without TLS as errors without a code.
  return `${server} cannot be reached (${code ?? wordsOf(error)}); check the address and sslmode in DATABASE_URL, and any firewall`;
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
