import { tokenOfReturnLink } from '../state/return-link.ts';
import { hashOf } from '../state/route.ts';

/** The token of the return link in the address, if there is one. Removes it from the address and from the history. */
export function takeReturnToken(): string | null {
  const token = tokenOfReturnLink(location.hash);
  if (token !== null) history.replaceState(null, '', hashOf({ name: 'tickets' }));
  return token;
}
