import type { Command, CommandRouter, Reply } from '../actors/command.ts';
import type { Membership } from './membership.ts';
import { createRing, type Ring } from './ring.ts';

/**
 * Takes each command to the node that should own its schedule. This node's commands go to its own actors; a node that
 * may not own answers OWNER_UNAVAILABLE, with nothing done.
 */
export function createRouter(deps: { readonly membership: Membership; readonly local: CommandRouter }): CommandRouter {
  const { membership, local } = deps;
  let members: readonly string[] = [];
  let ring: Ring = createRing(members);

  function ownerOf(scheduleId: number): string | null {
    const owners = membership.owners();
    if (owners.length !== members.length || owners.some((owner, index) => owner !== members[index])) {
      members = owners;
      ring = createRing(owners);
    }
    return ring.ownerOf(scheduleId);
  }

  return {
    dispatch<C extends Command>(command: C): Reply<C> | Promise<Reply<C>> {
      if (ownerOf(command.scheduleId) === membership.node) return local.dispatch(command);
      return { outcome: 'failed', code: 'OWNER_UNAVAILABLE', effect: 'none' };
    },
  };
}
