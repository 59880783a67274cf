import type { Config } from '../config/config.ts';
import { OperatorError } from '../runtime/operator-error.ts';

/** A sentence for the operator with the cause and the remedy of a failed start; null for a failure that has no known remedy. */
export function describeStartFailure(error: unknown, config: Config): string | null {
  if (error instanceof OperatorError) return error.message;
  return isListenError(error) ? describeListenError(error, config) : null;
}

interface ListenError extends Error {
  readonly code: string;
  readonly port: number;
  readonly address?: string;
}

function isListenError(error: unknown): error is ListenError {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error && 'port' in error)) return false;
  return error.syscall === 'listen' && typeof error.code === 'string' && typeof error.port === 'number';
}

function describeListenError({ code, port, address }: ListenError, config: Config): string {
  const variable = (['PORT', 'METRICS_PORT', 'PEER_PORT'] as const).find((name) => config[name] === port) ?? 'PORT';
  const host = variable === 'PEER_PORT' ? 'PEER_HOST' : 'HOST';
  const place = `port ${port} of ${address ?? config.HOST}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is in use, perhaps by another frontrow; stop that process, or set ${variable} to another port`;
    case 'EACCES':
      return `this user may not listen on ${place}; set ${variable} to a port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address ?? config.HOST} is not an address of this machine; set ${host} to one that is, or to 0.0.0.0 for all`;
    default:
      return `frontrow cannot listen on ${place} (${code}); check ${host} and ${variable}`;
  }
}
