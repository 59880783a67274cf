import { prettyFactory } from 'pino-pretty';
import type { LogOutput } from './log-output.ts';

/** Turns the JSON lines of the log into lines for a person at a terminal. */
export function createReadableOutput(output: LogOutput): Pick<LogOutput, 'write'> {
  const format = prettyFactory({
    colorize: process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
  });
  return { write: (line) => output.write(format(line)) };
}
