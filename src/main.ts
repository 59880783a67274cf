import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { systemClock } from './runtime/clock.ts';
import { readConfig } from './config/config.ts';
import { secretsFile } from './config/local-secrets.ts';
import { findMisspelt } from './config/misspelt.ts';
import type { Log } from './runtime/log.ts';
import { createLogOutput } from './runtime/log-output.ts';
import { createLogger } from './runtime/logger.ts';
import { createReadableOutput } from './runtime/readable-output.ts';
import { type Service, startService } from './node/service.ts';
import { describeStartFailure } from './node/start-failure.ts';
import { createUndoing } from './node/undoing.ts';

/** `EX_CONFIG` of sysexits.h: the environment is wrong, and a retry will not help. */
const EXIT_MISCONFIGURED = 78;
const EXIT_FAILED = 1;
/** A start that takes longer is undone as far as it has come; a healthy one takes 2 s. */
const START_PATIENCE_MS = 5_000;
/** Longer than undoing takes after draining, including PostgreSQL's own stop. */
const STOP_LIMIT_MS = 45_000;
/** npm forwards the Ctrl-C that the terminal has already sent to every process: one key press arrives twice within moments. */
const REPEATED_SIGNAL_MS = 1_000;
const READINESS_LOOK_MS = 250;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return '0.0.0';
  return typeof manifest.version === 'string' ? manifest.version : '0.0.0';
}

function greeting(url: string, dataDir: string | null): string {
  const lines = [
    `frontrow sells seats at ${url}`,
    '',
    'Three lines to try:',
    `  curl -s ${url}/api/v1/concerts/available`,
    `  curl -s ${url}/api/v1/users -H 'content-type: application/json' -d '{"name":"Mina","email":"mina@example.com"}'`,
    `  curl -s ${url}/api/v1/queue/tokens -H 'content-type: application/json' -H "authorization: Bearer <accessToken>" -d '{"concertId":1}'`,
    '',
    `Every route, with a page to try them: ${url}/docs`,
  ];
  if (dataDir !== null)
    lines.push(
      `The operator's page: ${url}/ops; the admin token that it asks for is in ${secretsFile(dataDir)}.`,
      `Data is kept in ${dataDir}. Ctrl-C stops everything.`,
    );
  return `${lines.join('\n')}\n`;
}

/**
 * Returns a signal listener that stops once. A second Ctrl-C after a while ends the process at once; supervisors use SIGKILL
 * for that.
 */
function createStop(stop: (signal: NodeJS.Signals) => void): (signal: NodeJS.Signals) => void {
  let askedAt: number | null = null;
  return (signal) => {
    if (askedAt === null) {
      askedAt = performance.now();
      stop(signal);
    } else if (signal === 'SIGINT' && performance.now() - askedAt > REPEATED_SIGNAL_MS) {
      process.exit(EXIT_FAILED);
    }
  };
}

/** Runs a node until a signal stops it. Exit code 78 for a wrong environment, 1 for a start that failed. */
export async function main(): Promise<void> {
  const reading = readConfig(process.env);
  if (!reading.ok) {
    complain(reading.faults);
    process.exitCode = EXIT_MISCONFIGURED;
    return;
  }
  const { config } = reading;
  const output = createLogOutput();
  const log = createLogger(config.LOG_LEVEL, output.isTerminal ? createReadableOutput(output) : output);
  for (const { given, meant } of findMisspelt(process.env)) {
    log.warn({ given, meant }, `the variable ${given} is not read; ${meant} is the nearest that is`);
  }
  const undoing = createUndoing({ log, clock: systemClock });
  const starting = startService(config, {
    version: readVersion(),
    log,
    droppedLogLines: () => output.droppedLines,
    undoing,
    onFatal: (error) => {
      log.fatal({ err: error }, 'fatal error; stopping this node');
      fatal = error;
      stopOnce();
    },
  });
  let fatal: Error | null = null;
  let isStopping = false;
  // Installed before the start: a Ctrl-C during the start stops everything that has started, PostgreSQL included.
  const grace = closeWithGrace(
    // By default a second signal would interrupt the orderly stop that the first one began.
    {
      delay: STOP_LIMIT_MS + config.DRAIN_MS,
      logger: false,
      skip: [...STOP_SIGNALS],
      onTimeout: (limitMs) => log.error({ limitMs }, 'the stop took too long; exiting without the remaining steps'),
      onSecondError: (error) => log.error({ err: error }, 'second unhandled error; exiting at once'),
    },
    async ({ err, signal }) => {
      if (err !== undefined) log.error({ err }, 'unhandled error; stopping');
      else if (signal !== undefined) log.info({ signal }, 'stopping');
      const started = Promise.allSettled([starting]);
      await Promise.race([started, pause(START_PATIENCE_MS)]);
      await undoing.run();
      await started;
      await undoing.run();
      // The rejection sets the exit code to 1.
      if (fatal !== null) throw fatal;
    },
  );
  const stopOnce = () => {
    if (isStopping) return;
    isStopping = true;
    grace.close();
  };
  const stop = createStop((signal) => {
    log.info({ signal }, 'stopping');
    stopOnce();
  });
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  try {
    const service = await starting;
    await waitUntilReady(service, log, () => isStopping);
    if (!isStopping) output.write(greeting(service.url, config.DATABASE_URL === undefined ? config.DATA_DIR : null));
  } catch (error) {
    grace.uninstall();
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
    const reason = describeStartFailure(error, config);
    if (reason === null) log.fatal({ err: error }, 'frontrow could not start');
    else complain([reason]);
    process.exitCode = EXIT_FAILED;
  }
}

/** A node may have to wait for its turn, for instance while another one owns the schedules of its database. */
async function waitUntilReady(service: Service, log: Log, isStopping: () => boolean): Promise<void> {
  let { ready, reasons } = service.readiness();
  if (!ready) log.info({ reasons, url: service.url }, 'this node listens, but may not sell yet');
  while (!ready && !isStopping()) {
    await pause(READINESS_LOOK_MS, undefined, { ref: false });
    ({ ready, reasons } = service.readiness());
  }
}

/** Writes why the service cannot start. */
function complain(reasons: readonly string[]): void {
  process.stderr.write(`frontrow cannot start:\n${reasons.map((reason) => `  ${reason}\n`).join('')}`);
}

if (import.meta.main) await main();
