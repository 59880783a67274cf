import type { NodeRow } from '../domain/node.ts';

/**
 * The nodes that schedules are shared among, in the order of joining, as `self` is to see it. Nodes that stand aside are
 * never among them; those that leave only where nobody stays, and then each sees itself alone: there is no heir, and the last
 * node that leaves serves until then.
 */
export function ownersAmong(
  members: readonly NodeRow[],
  self: {
    readonly node: string;
    readonly isLeaving: boolean;
    readonly isTogether: boolean;
    /** Only the node that joined first may own. */
    readonly isExclusive: boolean;
  },
): readonly string[] {
  if (self.isExclusive) return members.slice(0, 1).map(({ node }) => node);
  const isSelf = (row: NodeRow): boolean => row.node === self.node;
  const together = members.filter((row) => (isSelf(row) ? self.isTogether : !row.isSeparated));
  const staying = together.filter((row) => !row.isLeaving && !(self.isLeaving && isSelf(row)));
  return (staying.length > 0 ? staying : together.filter(isSelf)).map(({ node }) => node);
}
