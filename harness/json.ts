/** Members of answers, checked as they are read, so that a wrong answer fails where it is read. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object; an Error when it is none. */
export function asObject(value: unknown): JsonObject {
  if (!isObject(value)) throw new Error(`An object was expected, not ${JSON.stringify(value)}.`);
  return value;
}

/** A member that is a string; an Error when it is not. */
export function readText(object: JsonObject, member: string): string {
  const value = object[member];
  if (typeof value !== 'string') throw new Error(`"${member}" should be a string in ${JSON.stringify(object)}.`);
  return value;
}

/** A member that is a whole number; an Error when it is not. */
export function readInteger(object: JsonObject, member: string): number {
  const value = object[member];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new Error(`"${member}" should be a whole number in ${JSON.stringify(object)}.`);
  }
  return value;
}

/** A member that is a list of objects; an Error when it is not. */
export function readObjects(object: JsonObject, member: string): JsonObject[] {
  const value = object[member];
  if (!Array.isArray(value)) throw new Error(`"${member}" should be a list in ${JSON.stringify(object)}.`);
  return value.map(asObject);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
