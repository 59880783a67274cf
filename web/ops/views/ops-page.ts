import { type ElementNode, h, type ViewNode } from '../../view/node.ts';
import { chartPanel } from './chart-panel.ts';
import { nodeList } from './node-list.ts';
import { areDatesMany, occupancyPanel } from './occupancy-panel.ts';
import type { OpsContext } from './ops-context.ts';
import { queueDialog } from './queue-dialog.ts';
import { queuePanel } from './queue-panel.ts';
import { questionDialog } from './question-dialog.ts';
import { sectionNav } from './section-nav.ts';
import { sectionContent } from './section-content.ts';
import { signIn } from './sign-in.ts';
import { tiles } from './tiles.ts';
import { moodOf, verdictBanner } from './verdict-banner.ts';

/** The whole operator's page. */
export function opsPage(context: OpsContext): readonly ViewNode[] {
  const { state, words } = context;
  const dialog = state.token === null ? null : (questionDialog(context) ?? queueDialog(context));
  return [
    h('a', { class: 'skip-link', href: '#main' }, words.skip),
    head(context),
    ...(state.console.session === null ? [] : [sectionNav(context, state.console.session)]),
    h(
      'main',
      { id: 'main', class: 'ops-main', tabindex: -1 },
      state.token === null ? signIn(context) : sectionView(context),
    ),
    ...(dialog === null ? [] : [dialog]),
  ];
}

function sectionView(context: OpsContext): ElementNode {
  const { state, words, t, format } = context;
  const { session, route } = state.console;
  if (session === null) {
    const silent = state.silentSinceMs === null ? t.checking : words.silentWords(format.clock(state.silentSinceMs));
    return h('p', { key: 'checking', class: 'soft', role: 'status' }, silent);
  }
  if (route.section === 'sale') return dashboard(context);
  return h('div', { key: route.section, class: 'console stack' }, doneNote(context), sectionContent(context));
}

/** The last action that succeeded, for eyes and for screen readers. */
function doneNote({ state, t, format, desks }: OpsContext): ElementNode {
  const { done } = state.console;
  return h(
    'div',
    { key: 'done', class: 'done', role: 'status' },
    done !== null &&
      h(
        'div',
        { class: 'notice notice-good' },
        h('p', { class: 'notice-words' }, done(t, format)),
        h(
          'button',
          { type: 'button', class: 'button button-quiet', on: { click: () => desks.dismissDone() } },
          t.dismiss,
        ),
      ),
  );
}

function dashboard(context: OpsContext): ElementNode {
  const { state, words, format } = context;
  const isDense = areDatesMany(state.overview?.schedules.length ?? 0);
  return h(
    'div',
    { key: 'dashboard', class: `dashboard ${state.silentSinceMs === null ? '' : 'dashboard-stale'}` },
    h('div', { class: 'dashboard-top' }, verdictBanner(context), tiles(context)),
    state.isOverviewStale &&
      state.overviewAtMs !== null &&
      h('p', { class: 'notice small', role: 'status' }, words.staleOverview(format.clock(state.overviewAtMs))),
    h(
      'div',
      { class: 'dashboard-body' },
      // A few schedules are a list beside the charts; hundreds are a grid below them.
      h(
        'div',
        { class: 'dashboard-column' },
        chartPanel(context),
        isDense ? occupancyPanel(context) : queuePanel(context),
      ),
      h(
        'div',
        { class: 'dashboard-column' },
        isDense ? queuePanel(context) : occupancyPanel(context),
        nodeList(context),
      ),
    ),
  );
}

function head({ state, words, format, actions }: OpsContext): ElementNode {
  const { mood, word } = moodOf(state, words);
  const isLive = state.token !== null && state.silentSinceMs === null && !state.isResting;
  return h(
    'header',
    { class: 'page-head' },
    h(
      'div',
      { class: 'page-head-row ops-head-row' },
      h(
        'a',
        { class: 'wordmark', href: '/', title: words.page },
        h('span', {}, 'frontrow'),
        h('span', { class: 'ops-badge' }, words.operations),
      ),
      state.token !== null &&
        state.reportedAtMs !== null &&
        h(
          'span',
          { class: `pulse ${isLive ? 'pulse-live' : ''}` },
          h('span', { class: `pulse-word pulse-word-${mood}` }, word),
          h('span', { class: 'pulse-sign', 'aria-hidden': 'true' }),
          isLive
            ? `${words.live} · ${format.clock(state.reportedAtMs)}`
            : state.isResting
              ? words.resting
              : words.lastSeen(format.clock(state.reportedAtMs)),
        ),
      h(
        'button',
        {
          type: 'button',
          class: 'button button-quiet',
          lang: state.language === 'ko' ? 'en' : 'ko',
          on: { click: () => actions.switchLanguage() },
        },
        words.otherLanguage,
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'button button-icon',
          'aria-label': words.theme,
          title: words.theme,
          on: { click: () => actions.switchTheme() },
        },
        h(
          'svg',
          { viewBox: '0 0 24 24', 'aria-hidden': 'true', fill: 'none', stroke: 'currentColor', 'stroke-width': 2 },
          h('circle', { cx: 12, cy: 12, r: 8 }),
          h('path', { d: 'M12 4a8 8 0 0 1 0 16z', fill: 'currentColor' }),
        ),
      ),
      state.token !== null &&
        h(
          'button',
          { type: 'button', class: 'button button-quiet sign-out', on: { click: () => actions.signOut() } },
          words.signOut,
        ),
    ),
  );
}
