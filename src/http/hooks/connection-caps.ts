import type { Server } from 'node:http';
import { BlockList, isIPv6, type Socket } from 'node:net';
import { createTally } from '../../runtime/tally.ts';
import { networkOf } from './caller-address.ts';

export interface ConnectionLimits {
  /** Connections of one address, or of one /64 network for IPv6; 0: unlimited. */
  readonly perAddress: number;
  /** Connections of all addresses together; 0: unlimited. */
  readonly inAll: number;
}

export interface ConnectionCaps extends ConnectionLimits {
  /** Addresses and networks of proxies. Each carries the connections of many callers, so only `inAll` applies to them. */
  readonly trustProxy: readonly string[];
  /** Called for each refused connection, with the limit that it would have exceeded. */
  readonly onRefused: (limit: keyof ConnectionLimits) => void;
}

/**
 * Closes connections beyond the limits as soon as the system hands them over. A refused connection gets no parser and no
 * answer, so it costs a few microseconds. Live connections count until they end, like all others. Call this while the server
 * has only its own connection listener.
 */
export function capConnections(server: Server, { perAddress, inAll, trustProxy, onRefused }: ConnectionCaps): void {
  if (inAll > 0) server.maxConnections = inAll;
  server.on('drop', () => onRefused('inAll'));
  if (perAddress === 0) return;

  const proxies = blockListOf(trustProxy);
  const open = createTally();

  function count(socket: Socket): boolean {
    const { remoteAddress } = socket;
    // Such a peer has gone already.
    if (remoteAddress === undefined) return true;
    if (proxies.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4')) return true;
    const network = networkOf(remoteAddress);
    if (open.of(network) >= perAddress) return false;
    open.add(network);
    socket.once('close', () => open.subtract(network));
    return true;
  }

  // An earlier listener could close the connection, but the server would still create a parser for it.
  const serve = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (count(socket)) {
      for (const listener of serve) Reflect.apply(listener, server, [socket]);
    } else {
      socket.destroy();
      onRefused('perAddress');
    }
  });
}

function blockListOf(addressesAndNetworks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of addressesAndNetworks) {
    const [address = '', prefix] = text.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
