import { EXIT_USAGE } from './options.ts';

/** A command that is called by its name, as in `npm run bench -- holds --rounds 1`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly says: string;
  /** Sets `process.exitCode` when the run fails. */
  run(args: readonly string[]): Promise<void>;
}

/**
 * Runs the command that the first argument names. Without a name the `usual` command runs; when there is none, and for
 * `--help`, the list of names is printed. An unknown name ends the process with the list.
 */
export async function runNamedCommand(settings: {
  /** How a user calls it, for the list. */
  readonly script: string;
  readonly commands: readonly Command[];
  readonly usual: Command | null;
  readonly args: readonly string[];
}): Promise<void> {
  const { script, commands, usual, args } = settings;
  const [first, ...rest] = args;
  const isNamed = first !== undefined && !first.startsWith('-');
  const list = describeCommands(script, commands, usual);
  if (first === '--help' || (!isNamed && usual === null)) {
    console.log(list);
    return;
  }
  const command = isNamed ? commands.find(({ name }) => name === first) : usual;
  if (command == null) {
    console.error(`There is no "${first}".\n\n${list}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  await command.run(isNamed ? rest : args);
}

function describeCommands(script: string, commands: readonly Command[], usual: Command | null): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${script} -- NAME [options]${usual === null ? '' : `; without a name: ${usual.name}`}`,
    ...commands.map(({ name, says }) => `  ${name.padEnd(width)}  ${says}`),
    `${script} -- NAME --help lists the options of one.`,
  ].join('\n');
}
