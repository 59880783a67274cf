import type { NodeRow } from '../domain/node.ts';

/*
 * Chooses the nodes that share the schedules when links between nodes are cut. All nodes compute the same choice from the same
 * rows, so PostgreSQL is the common witness of both sides.
 *
 * SIDES-1. Any two nodes that stay reach each other, so at most one side of a cut stays.
 * SIDES-2. At least one node stays. A side with more than half of the nodes stays as a whole.
 * SIDES-3. Nodes that all reach each other all stay.
 */

export type Reach = Pick<NodeRow, 'node' | 'joinedNo' | 'reaches'>;

/**
 * The nodes that stay. A node's circle is the node itself and all nodes that reach it.
 *
 * 1. Nodes whose circle has more than half of all nodes stay. If there are none, the largest circle stays; of several, the one
 *    with the node that joined first.
 * 2. Nodes that do not reach each other are removed one by one: first the node with the most such neighbours; of several, the
 *    one that joined last.
 *
 * A node without a report counts as reaching all.
 */
export function chooseSide(rows: readonly Reach[]): ReadonlySet<string> {
  const reach = new Map(rows.map((row) => [row.node, row.reaches === null ? null : new Set(row.reaches)]));
  const reaches = (from: Reach, to: Reach): boolean => reach.get(from.node)?.has(to.node) ?? true;
  const byAge = rows.toSorted((one, other) => one.joinedNo - other.joinedNo);
  const circleOf = (node: Reach): readonly Reach[] => byAge.filter((other) => other === node || reaches(other, node));

  const circles = new Map(byAge.map((row) => [row, circleOf(row)]));
  const sizeOf = (row: Reach): number => circles.get(row)?.length ?? 0;
  const reachedByMost = byAge.filter((row) => sizeOf(row) * 2 > rows.length);
  let side = reachedByMost.length > 0 ? reachedByMost : largest([...circles.values()]);

  for (;;) {
    const cutFrom = (row: Reach): number =>
      side.filter((other) => other !== row && !(reaches(row, other) && reaches(other, row))).length;
    const [worst] = side
      .map((row) => ({ row, cuts: cutFrom(row) }))
      .filter(({ cuts }) => cuts > 0)
      .toSorted((one, other) => other.cuts - one.cuts || other.row.joinedNo - one.row.joinedNo);
    if (worst === undefined) return new Set(side.map(({ node }) => node));
    side = side.filter((row) => row !== worst.row);
  }
}

/** `circles` and their members are in the order of joining. */
function largest(circles: readonly (readonly Reach[])[]): readonly Reach[] {
  const [first = []] = circles.toSorted(
    (one, other) => other.length - one.length || (one[0]?.joinedNo ?? 0) - (other[0]?.joinedNo ?? 0),
  );
  return first;
}
