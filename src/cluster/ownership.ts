import type { ActivationOutcome, Ownership } from '../actors/ownership-port.ts';
import type { HeadRecords } from '../actors/head-records.ts';
import type { Membership } from './membership.ts';

/** A schedule that moves again while it is being loaded is tried this often. */
const ACTIVATION_ATTEMPTS = 3;

/**
 * Brings schedules to this node by their head rows: claims under a raised epoch, then, in a later statement, reads head and
 * rows in one snapshot, and serves only what is still its own.
 */
export function createOwnership(deps: { readonly heads: HeadRecords; readonly membership: Membership }): Ownership {
  const { heads, membership } = deps;
  return {
    isLeaseValid: () => membership.isLeaseValid(),
    async activate(scheduleId): Promise<ActivationOutcome> {
      for (let attempt = 1; attempt <= ACTIVATION_ATTEMPTS && membership.mayOwn(); attempt += 1) {
        const { node } = membership;
        const epoch = await heads.claim(scheduleId, node);
        if (epoch === 'unknown') return { type: 'unknown' };
        if (epoch === 'elsewhere') continue;
        const schedule = await heads.load(scheduleId, node, epoch);
        if (schedule !== null && membership.node === node) return { type: 'owned', schedule };
      }
      return { type: 'elsewhere' };
    },
  };
}
