import { isIPv4, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Some proxies name the caller's port with the address: `192.0.2.1:40001` or `[2001:db8::1]:40001`. */
const WITH_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):[0-9]+$/;
/** An IPv4 address as sockets for both families report it. */
const MAPPED = /^::ffff:(?=[0-9.]+$)/i;

/**
 * The address of the caller in its one spelling, without a port: what counts requests must not count one caller twice.
 * Text that is no address is given back as it is.
 */
export function addressOf(request: FastifyRequest): string {
  return canonicalAddress(request.ip);
}

function canonicalAddress(text: string): string {
  if (isIPv4(text)) return text;
  const [, inBrackets, plain] = WITH_PORT.exec(text) ?? [];
  const address = (inBrackets ?? plain ?? text).replace(MAPPED, '');
  if (!isIPv6(address) || address.includes('%')) return address;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
