import type { ActivationOutcome, Ownership } from '../actors/ownership-port.ts';
import type { HeadRecords } from '../actors/head-records.ts';
import type { Membership } from './membership-port.ts';
import type { Placement } from './placement.ts';

/** A schedule that moves again while it is being loaded is tried this often. */
const ACTIVATION_ATTEMPTS = 3;

/**
 * Brings schedules to this node by their head rows: claims under a raised epoch, then, in a later statement, reads head and
 * rows in one snapshot, and serves only what is still its own. A schedule without an owner is claimed by the node that the
 * ring places it at. A schedule of this node's own is served wherever the ring places it, until it is handed over: the node
 * that gave it may have known sooner which nodes live. A leaving node passes it on without loading it where another one stays.
 */
export function createOwnership(deps: {
  readonly heads: HeadRecords;
  readonly membership: Membership;
  readonly placement: Placement;
}): Ownership {
  const { heads, membership, placement } = deps;
  return {
    isLeaseValid: () => membership.isLeaseValid(),

    async activate(scheduleId): Promise<ActivationOutcome> {
      for (let attempt = 1; attempt <= ACTIVATION_ATTEMPTS && membership.mayOwn(); attempt += 1) {
        const { node, tenure } = membership;
        const seen = await heads.see(scheduleId);
        if (seen === null) return { type: 'unknown' };
        if (seen.owner !== null && seen.owner !== node) return { type: 'elsewhere', owner: seen.owner };
        const heir = placement.ownerOf(scheduleId);
        if (seen.owner === null && heir !== node) return { type: 'elsewhere', owner: heir };
        if (seen.owner === node && membership.isLeaving && heir !== null && heir !== node) {
          if (await heads.handOver(scheduleId, node, seen.epoch, heir)) return { type: 'elsewhere', owner: heir };
          continue;
        }
        const epoch = await heads.claim(scheduleId, node, seen.epoch);
        if (epoch === null) continue;
        const schedule = await heads.load(scheduleId, node, epoch);
        if (schedule !== null && membership.tenure === tenure) return { type: 'owned', schedule };
      }
      return { type: 'elsewhere', owner: null };
    },

    handOver: (scheduleId, epoch, heir) => heads.handOver(scheduleId, membership.node, epoch, heir),
  };
}
