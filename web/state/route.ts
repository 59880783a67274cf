/** The route of the page. It is the address's hash, so that reload, back and a copied link lead to the same view. */
export type Route =
  | { readonly name: 'concerts' }
  | { readonly name: 'concert'; readonly concertId: number }
  | { readonly name: 'hall'; readonly concertId: number; readonly scheduleId: number }
  | { readonly name: 'checkout'; readonly concertId: number; readonly scheduleId: number }
  | { readonly name: 'tickets' }
  | { readonly name: 'ticket'; readonly paymentId: string }
  | { readonly name: 'wallet' };

const ID = /^[1-9]\d{0,15}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The route of a hash; the list of concerts for any other hash. */
export function routeOf(hash: string): Route {
  const [first, second, third, fourth, fifth, ...more] = hash.replace(/^#?\/?/, '').split('/');
  if (more.length > 0) return { name: 'concerts' };
  if (first === 'tickets' && third === undefined) {
    if (second === undefined) return { name: 'tickets' };
    if (UUID.test(second)) return { name: 'ticket', paymentId: second };
  }
  if (first === 'wallet' && second === undefined) return { name: 'wallet' };
  if (first === 'concerts' && second !== undefined && ID.test(second)) {
    const concertId = Number(second);
    if (third === undefined) return { name: 'concert', concertId };
    if (third === 'dates' && fourth !== undefined && ID.test(fourth)) {
      const scheduleId = Number(fourth);
      if (fifth === undefined) return { name: 'hall', concertId, scheduleId };
      if (fifth === 'pay') return { name: 'checkout', concertId, scheduleId };
    }
  }
  return { name: 'concerts' };
}

export function hashOf(route: Route): string {
  switch (route.name) {
    case 'concerts':
      return '#/';
    case 'concert':
      return `#/concerts/${route.concertId}`;
    case 'hall':
      return `#/concerts/${route.concertId}/dates/${route.scheduleId}`;
    case 'checkout':
      return `#/concerts/${route.concertId}/dates/${route.scheduleId}/pay`;
    case 'tickets':
      return '#/tickets';
    case 'ticket':
      return `#/tickets/${route.paymentId}`;
    case 'wallet':
      return '#/wallet';
  }
}

/** The concert of a route; null for routes without one. */
export function concertIdOf(route: Route): number | null {
  return 'concertId' in route ? route.concertId : null;
}

/** The schedule whose seats a route shows; null for routes without one. */
export function scheduleIdOf(route: Route): number | null {
  return 'scheduleId' in route ? route.scheduleId : null;
}
