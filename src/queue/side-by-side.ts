/**
 * Does `work` for each item, in their order and for at most `limit` of them at a time. After a failure it begins no other one.
 *
 * @throws the first failure, once nothing is in flight any more.
 */
export async function sideBySide<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const failures: unknown[] = [];
  // All workers share one iterator. A loop over it ends the iterator for all of them.
  const rest = items[Symbol.iterator]();

  async function workOn(): Promise<void> {
    for (let next = rest.next(); next.done !== true && failures.length === 0; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  }

  await Promise.all(Array.from({ length: limit }, workOn));
  if (failures.length > 0) throw failures[0];
}
