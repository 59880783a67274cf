import type { NetworkInterfaceInfo } from 'node:os';

/** The machine's own addresses, as `node:os` reports them. */
export interface MachineAddresses {
  readonly name: string;
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
}

/** An address that an interface assigned to itself because it got no other; other machines can seldom reach it. */
const LINK_LOCAL = /^169\.254\./;

/**
 * The host on which a node listens for other nodes, and which it announces to them: PEER_HOST, else HOST. Other nodes cannot
 * connect to a wildcard, so the first IPv4 address by which they may reach the machine replaces it, else the machine's name.
 * The name comes last, because many systems resolve their own name to a loopback address.
 */
export function choosePeerHost(
  { PEER_HOST, HOST }: { readonly PEER_HOST?: string | undefined; readonly HOST: string },
  machine: MachineAddresses,
): string {
  if (PEER_HOST !== undefined) return PEER_HOST;
  if (!isWildcard(HOST)) return HOST;
  const reachable = Object.values(machine.interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal, address }) => family === 'IPv4' && !internal && !LINK_LOCAL.test(address));
  return reachable?.address ?? machine.name;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
