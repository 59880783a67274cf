import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** Reads JSON texts of a schema; null for any other text. The schema is compiled once. */
export function createMessageReader<T extends TSchema>(schema: T): (text: string) => Static<T> | null {
  const validator = Compile(schema);
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return null;
    }
    return validator.Check(value) ? value : null;
  };
}
