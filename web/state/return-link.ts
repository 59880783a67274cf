const PREFIX = '#/enter/';
/** An access token as the service issues it: base64url with dots. */
const TOKEN = /^[\w-]+(?:\.[\w-]+){2}$/;

/**
 * The address that opens the fan's account on another device. The token is in the fragment, which browsers send to no server, neither
 * in a request nor as its referrer.
 */
export function returnLink(origin: string, accessToken: string): string {
  return `${origin}/${PREFIX}${accessToken}`;
}

/** The token of such an address; `broken` when the address was cut or changed on its way, null for any other address. */
export function tokenOfReturnLink(hash: string): string | null {
  if (!hash.startsWith(PREFIX)) return null;
  const token = hash.slice(PREFIX.length);
  return TOKEN.test(token) ? token : 'broken';
}

/** When a token ends, in epoch milliseconds; null when the token does not say. */
export function endOfToken(token: string): number | null {
  try {
    const text = atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'));
    const claims: unknown = JSON.parse(text);
    const isObject = typeof claims === 'object' && claims !== null;
    return isObject && 'exp' in claims && typeof claims.exp === 'number' ? claims.exp * 1_000 : null;
  } catch {
    // Another issuer's tokens may have another form.
    return null;
  }
}
