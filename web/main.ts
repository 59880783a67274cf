import { createFrontrowClient } from '../src/client/frontrow-client.ts';
import { createBoxOffice } from './box-office/box-office.ts';
import { createKeptTokens } from './box-office/kept-tokens.ts';
import { createPageStore } from './box-office/page-store.ts';
import { takeReturnToken } from './box-office/return-token.ts';
import { createAnnouncer } from './language/announcement.ts';
import { english } from './language/english.ts';
import { createFormat } from './language/format.ts';
import { korean } from './language/korean.ts';
import { chooseLanguage } from './language/language.ts';
import { pageTitle } from './language/page-title.ts';
import { startingState } from './state/page-state.ts';
import { reduce } from './state/reduce.ts';
import { routeOf } from './state/route.ts';
import { viewOf } from './state/view.ts';
import { createScreen } from './view/patch.ts';
import { pageOf } from './views/page.ts';

const TEXTS = { ko: korean, en: english };

/** Builds the page and starts it. */
function main(): void {
  // First of all: until then the token is in the address.
  const returnToken = takeReturnToken();
  const kept = createKeptTokens();
  const client = createFrontrowClient({ language: () => store.state.language });
  const language = chooseLanguage(kept.language(), navigator.languages);
  const state = startingState({ language, theme: kept.theme(), nowMs: client.serverNow() });
  const store = createPageStore(reduce(state, { type: 'went', route: routeOf(location.hash) }));
  const office = createBoxOffice({ client, store, kept, openLive: (token) => client.live({ token }) });
  const formats = { ko: createFormat('ko'), en: createFormat('en') };
  const announce = createAnnouncer();
  const show = createScreen(document.body);
  let shownView = viewOf(store.state).name;
  let isShowing = false;

  function render(): void {
    isShowing = false;
    const { state } = store;
    const t = TEXTS[state.language];
    const f = formats[state.language];
    const root = document.documentElement;
    // Write these only on a change: the style of every element depends on them.
    if (root.lang !== state.language) root.lang = state.language;
    if ((root.dataset['theme'] ?? 'system') !== state.theme) {
      if (state.theme === 'system') delete root.dataset['theme'];
      else root.dataset['theme'] = state.theme;
    }
    const title = pageTitle(state, t, f);
    if (document.title !== title) document.title = title;
    show(pageOf({ state, office, t, f }));
    const { name } = viewOf(state);
    if (name === shownView) return;
    const isFirst = shownView === 'loading';
    shownView = name;
    scrollTo({ top: 0 });
    // A screen reader announces the heading of a new view. Not on arrival: there the browser starts at the top.
    if (!isFirst || state.notice !== null)
      document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }

  store.watch((state, before) => {
    const words = announce(state, before, TEXTS[state.language], formats[state.language]);
    if (words !== null) store.dispatch({ type: 'announced', text: words });
    if (isShowing) return;
    isShowing = true;
    // Render once for all events of a turn. An animation frame would not come in a background tab.
    queueMicrotask(render);
  });
  render();
  office.start(returnToken);
}

main();
