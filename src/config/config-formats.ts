import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';

const SMALLEST_RSA_BITS = 2_048;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** A URL of one of the protocols, each written with its colon. */
export function isUrlOf(protocols: readonly string[], text: string): boolean {
  return protocols.includes(parseUrl(text)?.protocol ?? '') && text.includes('://');
}

/** A name or address that can be listened on or connected to. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || HOST_NAME.test(text);
}

/** Where something is reached: `host:port`, an IPv6 address in brackets. */
export function isHostAndPort(text: string): boolean {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = text.slice(colon + 1);
  return colon > 0 && isHost(host) && /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535;
}

/** An address, or a network as address and prefix length. A number of hops is not one: clients can add hops. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** An origin exactly as browsers send it: no path, no trailing slash, no wildcard, no default port. */
export function isOrigin(text: string): boolean {
  const url = parseUrl(text);
  return url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.origin === text;
}

/** A PEM public key that RS256, ES256 or EdDSA can be verified with. A private key is refused: it does not belong here. */
export function isVerificationKey(pem: string): boolean {
  if (pem.includes('PRIVATE KEY')) return false;
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem);
    if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= SMALLEST_RSA_BITS;
    if (asymmetricKeyType === 'ec') return asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}
