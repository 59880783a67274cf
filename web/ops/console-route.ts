/** The sections of the page, in the order of its navigation. */
export const SECTIONS = ['sale', 'concerts', 'plans', 'buyers', 'reports', 'keys', 'log'] as const;
export type Section = (typeof SECTIONS)[number];

/** What the address's hash asks for. */
export type ConsoleRoute =
  | { readonly section: Exclude<Section, 'concerts' | 'plans' | 'buyers'> }
  | { readonly section: 'concerts'; readonly concertId: number | 'new' | null; readonly scheduleId: number | null }
  | { readonly section: 'plans'; readonly planId: number | 'new' | null }
  | { readonly section: 'buyers'; readonly userId: string | null };

const ID = /^[1-9]\d{0,14}$/;
const UUID = /^[0-9a-f-]{36}$/;

/** Anything unknown leads to the sale. */
export function routeOf(hash: string): ConsoleRoute {
  const [section = '', first = '', second = '', third = ''] = hash.replace(/^#\//, '').split('/');
  switch (section) {
    case 'concerts':
      return {
        section,
        concertId: first === 'new' ? 'new' : idOf(first),
        scheduleId: second === 'dates' ? idOf(third) : null,
      };
    case 'plans':
      return { section, planId: first === 'new' ? 'new' : idOf(first) };
    case 'buyers':
      return { section, userId: UUID.test(first) ? first : null };
    case 'reports':
    case 'keys':
    case 'log':
      return { section };
    default:
      return { section: 'sale' };
  }
}

export function hashOf(route: ConsoleRoute): string {
  switch (route.section) {
    case 'concerts': {
      const { concertId, scheduleId } = route;
      const date = scheduleId === null ? '' : `/dates/${scheduleId}`;
      return concertId === null ? '#/concerts' : `#/concerts/${concertId}${date}`;
    }
    case 'plans':
      return route.planId === null ? '#/plans' : `#/plans/${route.planId}`;
    case 'buyers':
      return route.userId === null ? '#/buyers' : `#/buyers/${route.userId}`;
    default:
      return `#/${route.section}`;
  }
}

export function hashOfConcert(concertId: number | 'new', scheduleId: number | null = null): string {
  return hashOf({ section: 'concerts', concertId, scheduleId });
}

export function hashOfSection(section: Section): string {
  return hashOf(routeOf(`#/${section}`));
}

function idOf(text: string): number | null {
  return ID.test(text) ? Number(text) : null;
}
