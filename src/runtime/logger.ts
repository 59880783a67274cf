import pino, { type Logger, type LoggerOptions } from 'pino';
import type { LogOutput } from './log-output.ts';

/** A logger that never shows a credential. Without `output` it writes to standard output, and stops the process when that fails. */
export function createLogger(level: string, output?: Pick<LogOutput, 'write'>): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    redact: {
      paths: [
        'token',
        'accessToken',
        'authorization',
        'password',
        '*.token',
        '*.accessToken',
        '*.authorization',
        '*.password',
      ],
      censor: '[redacted]',
    },
  };
  return output === undefined ? pino(options) : pino(options, output);
}
