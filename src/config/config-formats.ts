import { createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';

const SMALLEST_RSA_BITS = 2_048;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Whether the text is a URL of one of the protocols, each written with its colon. */
export function isUrlOf(protocols: readonly string[], text: string): boolean {
  return protocols.includes(parseUrl(text)?.protocol ?? '') && text.includes('://');
}

/** Whether the text is a name or address to listen on or connect to. */
export function isHost(text: string): boolean {
  return isIP(text) !== 0 || HOST_NAME.test(text);
}

/** Whether the text is `host:port`, with an IPv6 address in brackets. */
export function isHostAndPort(text: string): boolean {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = text.slice(colon + 1);
  return colon > 0 && isHost(host) && /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535;
}

/** Whether the text is an address, or a network as address and prefix length. A number of hops is refused: clients can add hops. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** Whether the text is an origin exactly as browsers send it: no path, no trailing slash, no wildcard, no default port. */
export function isOrigin(text: string): boolean {
  const url = parseUrl(text);
  return url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.origin === text;
}

/**
 * Whether the text is a PEM public key that verifies RS256, ES256 or EdDSA. A private key is refused: the service must not have
 * it.
 */
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
