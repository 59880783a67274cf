import type { Membership } from './membership-port.ts';
import { createRing, type Ring } from './ring.ts';

/** Which of the owners should own a schedule, as far as this node knows the living nodes. */
export interface Placement {
  /** Null while no node may own. */
  ownerOf(scheduleId: number): string | null;
  /** The answers of `isReached` have changed. */
  reconsider(): void;
}

export function createPlacement({
  membership,
  isReached = () => true,
}: {
  readonly membership: Pick<Membership, 'owners'>;
  /** Whether that node has settled. Asked again after `reconsider`. */
  readonly isReached?: (node: string) => boolean;
}): Placement {
  let members: readonly string[] = [];
  let ring: Ring = createRing(members);
  let isDoubted = false;

  /** On the path of every command. Membership returns the same array until something has changed. */
  function follow(): void {
    const owners = membership.owners();
    if (owners === members && !isDoubted) return;
    members = owners;
    isDoubted = false;
    ring = createRing(owners.filter((node) => isReached(node)));
  }

  return {
    ownerOf(scheduleId) {
      follow();
      return ring.ownerOf(scheduleId);
    },
    reconsider() {
      isDoubted = true;
    },
  };
}
