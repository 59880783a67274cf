import pino, { type Logger } from 'pino';

/** A logger that never shows a credential. */
export function createLogger(level: string): Logger {
  return pino({
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
  });
}
