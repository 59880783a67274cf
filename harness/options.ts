import { parseArgs } from 'node:util';

/** The exit code of a command that was called in a wrong way (`EX_USAGE`). */
export const EXIT_USAGE = 64;

/** One option of a command. */
export interface Option<Value> {
  /** The usage shows it behind the name: the default, or in capitals the kind of value; empty for a flag. */
  readonly shown: string;
  readonly says: string;
  /** `given` is null when the option is not given. Throws an Error with a sentence when the value is not allowed. */
  readonly read: (given: string | null, name: string) => Value;
}

/** Options by name in camel case: `warmUpSeconds` is `--warm-up-seconds`. */
export type Options = Readonly<Record<string, Option<unknown>>>;

export type Values<Known extends Options> = { readonly [Name in keyof Known]: ReturnType<Known[Name]['read']> };

/** A whole number within limits. */
export function count(usual: number, least: number, most: number, says: string): Option<number> {
  return {
    shown: String(usual),
    says,
    read: (given, name) => (given === null ? usual : readCount(name, given, least, most)),
  };
}

/** A whole number within limits, or null when the option is not given. */
export function optionalCount(least: number, most: number, says: string): Option<number | null> {
  return { shown: 'N', says, read: (given, name) => (given === null ? null : readCount(name, given, least, most)) };
}

/** Whole numbers within limits, separated by commas. */
export function counts(usual: string, least: number, most: number, says: string): Option<readonly number[]> {
  return {
    shown: usual,
    says,
    read: (given, name) => (given ?? usual).split(',').map((part) => readCount(name, part, least, most)),
  };
}

/** The seed of a random generator; without a value it comes from the clock. */
export function seedFromClock(says: string): Option<number> {
  const { shown, read } = optionalCount(0, 2 ** 31, says);
  return { shown, says, read: (given, name) => read(given, name) ?? Date.now() % 2 ** 31 };
}

/** Any text, or null when the option is not given. `kind` says in capitals what it names. */
export function text(kind: string, says: string): Option<string | null> {
  return { shown: kind, says, read: (given) => given };
}

/** One of the names; the first is the default. */
export function choice<Name extends string>(names: readonly [Name, ...Name[]], says: string): Option<Name> {
  return {
    shown: names[0],
    says,
    read: (given, name) => (given === null ? names[0] : readName(name, given, names)),
  };
}

/** Some of the names, separated by commas; all of them when the option is not given. */
export function some<Name extends string>(names: readonly Name[], says: string): Option<readonly Name[]> {
  return {
    shown: 'LIST',
    says: `${says}: ${names.join(', ')}`,
    read: (given, name) => given?.split(',').map((part) => readName(name, part.trim(), names)) ?? names,
  };
}

/** An option without a value. */
export function flag(says: string): Option<boolean> {
  return { shown: '', says, read: (given) => given !== null };
}

/** The values of a call; or the text that the command prints instead of running, with the exit code. */
export type Reading<Known extends Options> =
  | { readonly type: 'values'; readonly values: Values<Known> }
  | { readonly type: 'text'; readonly text: string; readonly exitCode: number };

/** Reads the arguments of a command. An unknown option and a value that is not allowed are answered with the usage. */
export function parseOptions<Known extends Options>(
  usage: string,
  options: Known,
  args: readonly string[],
): Reading<Known> {
  const names = Object.keys(options).map((name) => [name, kebab(name)] as const);
  const help = `${usage} [options]\n${describeOptions(options)}`;
  try {
    const types = names.map(([name, spelled]) => [
      spelled,
      { type: options[name]?.shown === '' ? 'boolean' : 'string' },
    ]);
    const known = { ...Object.fromEntries(types), help: { type: 'boolean' } } as Record<string, { type: 'string' }>;
    const given: Readonly<Record<string, string | boolean | undefined>> = parseArgs({
      args: [...args],
      options: known,
      strict: true,
    }).values;
    if (given['help'] === true) return { type: 'text', text: help, exitCode: 0 };
    const values = names.map(([name, spelled]) => {
      const value = given[spelled];
      return [name, options[name]?.read(value === undefined ? null : `${value}`, spelled)];
    });
    return { type: 'values', values: Object.fromEntries(values) as Values<Known> };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { type: 'text', text: `${reason}\n\n${help}`, exitCode: EXIT_USAGE };
  }
}

/** The values of a call. `--help` and mistakes end the process with the usage. */
export function readOptions<Known extends Options>(
  usage: string,
  options: Known,
  args: readonly string[] = process.argv.slice(2),
): Values<Known> {
  const reading = parseOptions(usage, options, args);
  if (reading.type === 'values') return reading.values;
  (reading.exitCode === 0 ? console.log : console.error)(reading.text);
  process.exit(reading.exitCode);
}

function describeOptions(options: Options): string {
  const lines = Object.entries(options).map(([name, { shown, says }]) => [`--${kebab(name)} ${shown}`, says] as const);
  const width = Math.max(0, ...lines.map(([spelled]) => spelled.length));
  return lines.map(([spelled, says]) => `  ${spelled.padEnd(width)}  ${says}`).join('\n');
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function readCount(name: string, given: string, least: number, most: number): number {
  const value = Number(given);
  if (!/^\d+$/.test(given) || value < least || value > most) {
    throw new Error(`--${name} takes a whole number from ${least} to ${most}.`);
  }
  return value;
}

function readName<Name extends string>(name: string, given: string, names: readonly Name[]): Name {
  const known = names.find((each) => each === given);
  if (known === undefined) throw new Error(`--${name} takes ${names.join(', ')}, not "${given}".`);
  return known;
}
