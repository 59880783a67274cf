import type { Membership } from './membership.ts';
import { createRing, type Ring } from './ring.ts';

/** Which of the nodes that share the schedules should own one, by what this node knows of who lives. */
export interface Placement {
  /** Null while no node may own. */
  ownerOf(scheduleId: number): string | null;
  /** Grows whenever the nodes that share have changed. */
  readonly version: number;
}

export function createPlacement({ membership }: { readonly membership: Pick<Membership, 'owners'> }): Placement {
  let members: readonly string[] = [];
  let ring: Ring = createRing(members);
  let version = 0;

  /** Membership gives the same array until something has changed: this is on the path of every command. */
  function follow(): void {
    const owners = membership.owners();
    if (owners === members) return;
    members = owners;
    ring = createRing(owners);
    version += 1;
  }

  return {
    ownerOf(scheduleId) {
      follow();
      return ring.ownerOf(scheduleId);
    },
    get version() {
      follow();
      return version;
    },
  };
}
