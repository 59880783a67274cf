import type { Language } from '../language/language.ts';
import type { Theme } from '../state/page-state.ts';
import { hashOf } from '../state/route.ts';
import { type Child, type ElementNode, h } from '../view/node.ts';
import { holdsStrip } from './holds-strip.ts';
import { icon } from './icon.ts';
import { messages } from './messages.ts';
import { placesStrip } from './places-strip.ts';
import type { ViewContext } from './view-context.ts';

const NEXT_THEME: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const OTHER_LANGUAGE: Readonly<Record<Language, Language>> = { ko: 'en', en: 'ko' };
const OWN_NAME: Readonly<Record<Language, string>> = { ko: '한국어', en: 'English' };

/** Header, notices and footer around a view. `key` changes with the view, so that views share no elements. */
export function pageFrame(context: ViewContext, key: string, content: Child): readonly ElementNode[] {
  const { state, t } = context;
  return [
    h('a', { class: 'skip-link', href: '#main', on: { click: skipToMain } }, t.frame.skip),
    pageHead(context),
    h(
      'main',
      { id: 'main', class: 'page-main', tabindex: -1 },
      messages(context),
      holdsStrip(context),
      placesStrip(context),
      h('div', { key, class: `view view-${key}` }, content),
    ),
    h('footer', { class: 'page-foot' }, h('span', {}, t.frame.promise), h('a', { href: '/docs' }, t.frame.api)),
    h(
      'div',
      { class: 'unseen', role: 'status', 'data-testid': 'announcer' },
      h('span', { key: state.announcement.serial }, state.announcement.text),
    ),
  ];
}

/** The hash of the address is the route, so the link itself must not navigate. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function pageHead({ state, office, t, f }: ViewContext): ElementNode {
  const isKnown = state.account !== 'none' && state.account !== 'unknown';
  const other = OTHER_LANGUAGE[state.language];
  const here = (name: string): 'page' | null => (state.route.name === name ? 'page' : null);
  return h(
    'header',
    { class: 'page-head' },
    h(
      'div',
      { class: 'page-head-row' },
      h('a', { class: 'wordmark', href: '#/', 'aria-label': t.frame.home }, wordmarkSeats(), 'frontrow'),
      h(
        'nav',
        { class: 'page-nav', 'aria-label': t.frame.navigation },
        isKnown && [
          h(
            'a',
            { key: 'tickets', class: 'nav-link', href: hashOf({ name: 'tickets' }), 'aria-current': here('tickets') },
            icon('ticket'),
            h('span', { class: 'nav-word' }, t.frame.tickets),
          ),
          h(
            'a',
            { key: 'wallet', class: 'nav-link', href: hashOf({ name: 'wallet' }), 'aria-current': here('wallet') },
            icon('wallet'),
            h('span', { class: 'unseen' }, t.frame.wallet),
            state.balance !== null && h('span', { class: 'nav-balance figures' }, f.money(state.balance)),
          ),
        ],
        state.account === 'none' &&
          h(
            'button',
            { key: 'sign-in', type: 'button', class: 'button button-quiet', on: { click: () => office.askToSignIn() } },
            t.frame.signIn,
          ),
      ),
      h(
        'button',
        {
          key: 'language',
          type: 'button',
          class: 'button button-quiet language-button',
          lang: other,
          on: { click: () => office.chooseLanguage(other) },
        },
        h('span', { class: 'nav-word' }, OWN_NAME[other]),
        h('span', { class: 'nav-initials', 'aria-hidden': true }, other === 'ko' ? '한' : 'EN'),
      ),
      h(
        'button',
        {
          key: 'theme',
          type: 'button',
          class: 'button button-icon',
          'aria-label': t.frame.theme[state.theme],
          title: t.frame.theme[state.theme],
          on: { click: () => office.chooseTheme(NEXT_THEME[state.theme]) },
        },
        themeIcon(state.theme),
      ),
    ),
  );
}

function themeIcon(theme: Theme): ElementNode {
  switch (theme) {
    case 'light':
      return icon('sun');
    case 'dark':
      return icon('moon');
    case 'system':
      return h(
        'svg',
        { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': true },
        h('circle', { cx: 12, cy: 12, r: 7.2, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.8 }),
        h('path', { d: 'M12 4.8a7.2 7.2 0 0 1 0 14.4z', fill: 'currentColor' }),
      );
  }
}

/** Four seats of a row; one is lit. */
function wordmarkSeats(): ElementNode {
  const seats = [0, 11, 22, 33].map((x, index) =>
    h('rect', {
      x,
      y: index === 2 ? 0 : 3,
      width: 8,
      height: index === 2 ? 15 : 12,
      rx: 2.5,
      class: index === 2 ? 'lit' : '',
    }),
  );
  return h('svg', { class: 'wordmark-seats', viewBox: '0 0 41 15', 'aria-hidden': true }, seats);
}
