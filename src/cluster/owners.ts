import type { NodeRow } from '../domain/node.ts';

/**
 * The nodes that share the schedules, in the order of joining, as `self` sees them. Nodes that stand aside are never among
 * them. Leaving nodes are excluded while another node stays. If all nodes leave, each sees only itself: there is no heir, so
 * each serves until it has left.
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
