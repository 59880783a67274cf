import type { NetworkInterfaceInfo } from 'node:os';

/** What the machine says of itself, as `node:os` does. */
export interface MachineAddresses {
  readonly name: string;
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
}

/** An address that an interface gave itself because nobody else did: others seldom have a way to it. */
const LINK_LOCAL = /^169\.254\./;

/**
 * Where a node listens for other nodes, which is also what they are told: PEER_HOST, else HOST. A wildcard is no address to tell
 * anybody. In its place comes the first IPv4 address by which others may reach the machine, else the machine's name. The name comes
 * last, because many systems resolve their own name to a loopback address, on which no other machine arrives.
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
