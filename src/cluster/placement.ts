import type { Membership } from './membership-port.ts';
import { createRing, type Ring } from './ring.ts';

/** Which of the nodes that share the schedules should own one, by what this node knows of who lives. */
export interface Placement {
  /** Null while no node may own. */
  ownerOf(scheduleId: number): string | null;
  /** What `isReached` says has changed. */
  reconsider(): void;
}

export function createPlacement({
  membership,
  isReached = () => true,
}: {
  readonly membership: Pick<Membership, 'owners'>;
  /** Whether this node may count on that one yet. Asked again after `reconsider`. */
  readonly isReached?: (node: string) => boolean;
}): Placement {
  let members: readonly string[] = [];
  let ring: Ring = createRing(members);
  let isDoubted = false;

  /** Membership gives the same array until something has changed: this is on the path of every command. */
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
