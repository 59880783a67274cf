import { environmentSchema } from './config.ts';

/** Shorter names resemble foreign ones by chance: HOME and HOST, NODE_IP and NODE_ID. */
const SHORTEST_NAME = 8;
const UNIT = /^_(?:MS|PER_MINUTE|PER_USER)$/;
const LETTERS_PER_MISTAKE = 4;
const MISTAKES_MOST = 2;

/** A variable that is set, and the one of the service that it probably stands for. */
export interface Misspelt {
  readonly given: string;
  readonly meant: string;
}

/**
 * Finds variables whose names are nearly those of the service's. A name counts when it has the letters in another case, lacks
 * the unit at the end, or has one mistake in eight letters or two in twelve, and when the right variable is not set.
 */
export function findMisspelt(env: Readonly<Record<string, string | undefined>>): readonly Misspelt[] {
  const names = Object.keys(environmentSchema.properties);
  const unset = names.filter((name) => env[name] === undefined);
  return Object.keys(env)
    .filter((given) => given.length >= SHORTEST_NAME && !names.includes(given))
    .flatMap((given) => {
      const [nearest] = unset
        .filter((name) => name.length >= SHORTEST_NAME)
        .map((name) => ({ name, mistakes: countMistakes(given.toUpperCase(), name) }))
        .filter(({ name, mistakes }) => mistakes <= Math.min(MISTAKES_MOST, name.length / LETTERS_PER_MISTAKE - 1))
        .sort((one, other) => one.mistakes - other.mistakes);
      const whole = unset.find((name) => name.startsWith(given) && UNIT.test(name.slice(given.length)));
      const meant = nearest?.name ?? whole;
      return meant === undefined ? [] : [{ given, meant }];
    });
}

/** Letters to add, drop, replace, or exchange with the next one (optimal string alignment). */
function countMistakes(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isExchanged =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (isSame ? 0 : 1),
          isExchanged ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return at(one.length, other.length);
}
