import type { ActivationOutcome, Ownership } from '../actors/ownership-port.ts';
import type { HeadRecords } from '../actors/head-records.ts';
import type { Membership } from './membership-port.ts';
import type { Placement } from './placement.ts';

/** A schedule may move again while it is being loaded. */
const ACTIVATION_ATTEMPTS = 3;

/**
 * Claims schedules for this node by their head rows. The claim raises the epoch. A later statement reads head and rows in one
 * snapshot, and the node serves the schedule only if it still owns it. Only the node that the ring chooses claims a schedule
 * without an owner. A node serves a schedule that it owns until it hands the schedule over, wherever the ring places it: the
 * node that gave the schedule may have known sooner which nodes are alive. A leaving node passes a schedule on without loading
 * it if another node stays.
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
