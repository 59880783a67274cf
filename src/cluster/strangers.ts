import type { NodeRecords, NodeRow } from '../domain/node.ts';
import { type Clock, pause } from '../runtime/clock.ts';
import type { Sightings } from './sightings.ts';

const LOOK_EVERY_MS = 250;

/** Other nodes run on this database, and this node shares no secret with them. */
export class ForeignSecret extends Error {
  override readonly name = 'ForeignSecret';

  constructor() {
    super(
      'CLUSTER_SECRET is not the one of the nodes that run on this database: give this node theirs, or set ' +
        'CLUSTER_SECRET_PREVIOUS to theirs to change the secret node by node.',
    );
  }
}

/** Whether the nodes have no secret in common. A node that names no secret is no stranger. */
function isStranger(row: Pick<NodeRow, 'secretFingerprints'>, own: readonly string[] | null): boolean {
  if (own === null || row.secretFingerprints === null) return false;
  return !row.secretFingerprints.some((fingerprint) => own.includes(fingerprint));
}

/** Whether a beating node that joined before `node` is a stranger to it. */
export function isAmongStrangers(
  rows: readonly NodeRow[],
  node: string,
  own: readonly string[] | null,
  sightings: Pick<Sightings, 'isBeating'>,
): boolean {
  const joinedNo = rows.find((row) => row.node === node)?.joinedNo ?? Number.NEGATIVE_INFINITY;
  return rows.some((row) => row.joinedNo < joinedNo && isStranger(row, own) && sightings.isBeating(row.node));
}

/**
 * Resolves when no stranger runs on this database. Throws a ForeignSecret when a stranger beats; declares a silent one dead.
 * Nodes whose name begins with `former` are earlier processes of this node and do not count.
 */
export async function untilNoStranger(deps: {
  readonly records: Pick<NodeRecords, 'living' | 'declareDead'>;
  readonly sightings: Sightings;
  readonly clock: Clock;
  readonly own: readonly string[] | null;
  readonly former: string;
}): Promise<void> {
  const { records, sightings, clock, own, former } = deps;
  for (;;) {
    const rows = await records.living();
    sightings.note(rows);
    const strangers = rows.filter((row) => isStranger(row, own) && !row.node.startsWith(former));
    for (const { node, beat } of strangers) {
      if (sightings.isBeating(node)) throw new ForeignSecret();
      if (sightings.isSilent(node)) await records.declareDead(node, beat);
    }
    if (strangers.length === 0) return;
    await pause(clock, LOOK_EVERY_MS);
  }
}
