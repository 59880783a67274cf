import type { AdminRole, AdminSession } from '../../../src/client/answers.ts';
import { type ElementNode, h } from '../../view/node.ts';
import { hashOfSection, SECTIONS, type Section } from '../console-route.ts';
import { type ConsoleState, isUnlimited, may } from '../console-state.ts';
import type { OpsContext } from './ops-context.ts';

/** The role that the reading routes of a section take. */
const READERS: Readonly<Record<Section, AdminRole>> = {
  sale: 'VIEWER',
  concerts: 'VIEWER',
  plans: 'VIEWER',
  buyers: 'BOX_OFFICE',
  reports: 'VIEWER',
  keys: 'OWNER',
  log: 'OWNER',
};
/** Sections about the whole service, which a key that is limited to concerts may not see. */
const OF_SERVICE: ReadonlySet<Section> = new Set(['keys', 'log']);

export function maySee(console: ConsoleState, section: Section): boolean {
  return may(console, READERS[section]) && (isUnlimited(console) || !OF_SERVICE.has(section));
}

/** The sections that the key may see, and who is signed in. */
export function sectionNav({ state, t }: OpsContext, { keyId, name, role }: AdminSession): ElementNode {
  const { route } = state.console;
  return h(
    'nav',
    { key: 'sections', class: 'sections', 'aria-label': t.nav },
    h(
      'ul',
      { class: 'sections-list' },
      SECTIONS.filter((section) => maySee(state.console, section)).map((section) =>
        h(
          'li',
          { key: section },
          h(
            'a',
            {
              class: 'section-link',
              href: hashOfSection(section),
              'aria-current': route.section === section ? 'page' : null,
            },
            t.sections[section],
          ),
        ),
      ),
    ),
    h('p', { class: 'signed-in soft small one-line' }, t.signedInAs(keyId === 'root' ? t.root : name, t.roles[role])),
  );
}
