import { isIPv4, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Some proxies add the caller's port to the address: `192.0.2.1:40001` or `[2001:db8::1]:40001`. */
const WITH_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):[0-9]+$/;
/** An IPv4 address as dual-stack sockets report it. */
const MAPPED = /^::ffff:(?=[0-9.]+$)/i;

/** An IPv6 address has eight groups of 16 bits; the first four name the network of one subscriber. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * The caller's address in its one spelling, without a port, so that limits count each caller once. Text that is no address is
 * returned unchanged.
 */
export function addressOf(request: FastifyRequest): string {
  return canonicalAddress(request.ip);
}

/** The network of one subscriber: an IPv4 address, or an IPv6 /64, in which every host may take any number of addresses. */
export function networkOf(text: string): string {
  if (isIPv4(text)) return text;
  const address = canonicalAddress(text);
  const [unscoped = ''] = address.split('%', 1);
  if (!isIPv6(unscoped)) return address;
  const [before = '', after] = unscoped.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? [] : Array.from({ length: GROUPS - head.length - tail.length }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

function canonicalAddress(text: string): string {
  if (isIPv4(text)) return text;
  const [, inBrackets, plain] = WITH_PORT.exec(text) ?? [];
  const address = (inBrackets ?? plain ?? text).replace(MAPPED, '');
  if (!isIPv6(address) || address.includes('%')) return address;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
