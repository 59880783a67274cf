import { parseArgs } from 'node:util';

/** The options of a command by name. `--help` and mistakes end the process with the usage. */
export function readOptions<Name extends string>(
  usage: string,
  defaults: Readonly<Record<Name, string | null>>,
): Record<Name, string | null> {
  const names = Object.keys(defaults);
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } }, strict: true });
    if (values['help'] === true) {
      console.log(usage);
      process.exit(0);
    }
    const given: Record<Name, string | null> = { ...defaults };
    for (const [name, value] of Object.entries(values)) {
      if (isName(name, defaults) && typeof value === 'string') {
        given[name] = value;
      }
    }
    return given;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(64);
  }
}

/** A whole number within limits. Ends the process with a sentence when it is not. */
export function readCount(name: string, text: string | null, least: number, most: number): number {
  const value = Number(text);
  if (text === null || !/^\d+$/.test(text) || value < least || value > most) {
    console.error(`--${name} takes a whole number from ${least} to ${most}.`);
    process.exit(64);
  }
  return value;
}

function isName<Name extends string>(name: string, names: Readonly<Record<Name, unknown>>): name is Name {
  return Object.hasOwn(names, name);
}
