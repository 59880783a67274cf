import { ApiProblem } from '../../src/client/failures.ts';
import type { AdminClient } from '../../src/client/admin-client.ts';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { createKeptTokens } from '../box-office/kept-tokens.ts';
import { chooseLanguage } from '../language/language.ts';
import { createScreen } from '../view/patch.ts';
import { consoleEnglish } from './language/console-english.ts';
import { consoleKorean } from './language/console-korean.ts';
import { routeOf } from './console-route.ts';
import { createDeskTools } from './desk-tools.ts';
import { createDesks } from './desks/desks.ts';
import { type Feed, startFeed } from './feed.ts';
import { createOperatorToken } from './operator-token.ts';
import { createOpsFormat } from './ops-format.ts';
import { firstState, type OpsState } from './ops-state.ts';
import { EMPTY_TIMELINE, extend, lastNumber } from './timeline.ts';
import type { OpsActions } from './views/ops-context.ts';
import { opsPage } from './views/ops-page.ts';
import { moodOf } from './views/verdict-banner.ts';
import { WORDS } from './words.ts';

/** How long a policy change is retried before the page says that the service does not answer. */
const CHANGE_LIMIT_MS = 5_000;
/** The page says after this time that the service does not answer, and asks again. */
const SESSION_LIMIT_MS = 5_000;
const SESSION_AGAIN_MS = 1_000;

const TEXTS = { ko: consoleKorean, en: consoleEnglish };

/** Connects the page's state, its changes and its rendering. */
function startOpsPage(): void {
  const keptToken = createOperatorToken(() => sessionStorage);
  const kept = createKeptTokens();
  const client = createFrontrowClient({ language: () => state.language });
  const show = createScreen(document.body);
  let state = firstState(
    chooseLanguage(kept.language(), navigator.languages),
    keptToken.read(),
    routeOf(location.hash),
  );
  let format = createOpsFormat(state.language);
  let feed: Feed | null = null;
  const tools = createDeskTools({
    client,
    state: () => state.console,
    change: (changes) => change({ console: { ...state.console, ...changes } }),
    admin: () => admin,
    headers: () => ({ authorization: `Bearer ${state.token ?? ''}`, 'accept-language': state.language }),
    now: () => new Date(client.serverNow()).toISOString(),
    turnedAway: () => leave('refused'),
  });
  const desks = createDesks(tools);
  let admin: AdminClient | null = null;
  let isDrawing = false;

  function change(changes: Partial<OpsState>): void {
    state = { ...state, ...changes };
    if (isDrawing) return;
    isDrawing = true;
    // All changes within a frame are drawn once; a hidden page is not drawn.
    requestAnimationFrame(() => {
      isDrawing = false;
      draw();
    });
  }

  function draw(): void {
    const words = WORDS[state.language];
    document.documentElement.lang = state.language;
    document.title = state.token === null ? words.title : `${moodOf(state, words).word} · ${words.title}`;
    const t = TEXTS[state.language];
    show(opsPage({ state, words, format, actions, t, desks, nowMs: () => client.serverNow() }));
  }

  /** Learns what the key may do, for as long as the service does not answer. */
  async function enter(token: string): Promise<void> {
    const caller = client.admin(token);
    admin = caller;
    while (admin === caller) {
      try {
        const session = await caller.session({ deadlineMs: SESSION_LIMIT_MS });
        if (admin !== caller) return;
        keptToken.keep(token);
        tools.change({ session });
        watch(token);
        await desks.open(state.console.route);
        return;
      } catch (error) {
        if (admin !== caller) return;
        if (error instanceof ApiProblem && error.status < 500 && error.status !== 429) return turnAway(error);
        change({ silentSinceMs: state.silentSinceMs ?? Date.now() });
        await new Promise((resolve) => setTimeout(resolve, SESSION_AGAIN_MS));
      }
    }
  }

  function turnAway({ code }: ApiProblem): void {
    leave(code === 'ROUTE_NOT_FOUND' ? 'no-admin' : code === 'ROLE_REQUIRED' ? 'no-page' : 'refused');
  }

  function follow(): void {
    // The skip link leads to a part of the page, not to another section.
    if (location.hash !== '' && !location.hash.startsWith('#/')) return;
    const route = routeOf(location.hash);
    tools.change({ route, fault: null, done: null, question: null });
    void desks.open(route);
    scrollTo({ top: 0 });
    requestAnimationFrame(() => document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true }));
  }

  function watch(token: string): void {
    feed?.stop();
    feed = startFeed(client.admin(token), () => lastNumber(state.timeline), {
      reported(report) {
        change({
          timeline: extend(state.timeline, report),
          verdict: report.verdict,
          reportedAtMs: Date.now(),
          silentSinceMs: null,
        });
      },
      overviewed: (overview) => change({ overview, overviewAtMs: Date.now(), isOverviewStale: false }),
      failed(what) {
        if (what === 'overview') change({ isOverviewStale: true });
        else change({ silentSinceMs: state.silentSinceMs ?? Date.now() });
      },
      turnedAway: turnAway,
      rested: (isResting) => change({ isResting }),
    });
  }

  function leave(tokenFault: OpsState['tokenFault']): void {
    feed?.stop();
    feed = null;
    admin = null;
    keptToken.forget();
    change({
      ...firstState(state.language, null, state.console.route),
      tokenFault,
      minutes: state.minutes,
      order: state.order,
    });
  }

  const actions: OpsActions = {
    open(token) {
      change({ token, tokenFault: null, timeline: EMPTY_TIMELINE });
      void enter(token);
    },
    signOut: () => leave(null),
    switchLanguage() {
      const language = state.language === 'ko' ? 'en' : 'ko';
      kept.keepLanguage(language);
      format = createOpsFormat(language);
      change({ language });
      feed?.hurry();
    },
    switchTheme() {
      const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
      const shown = kept.theme() === 'system' ? (isDark ? 'dark' : 'light') : kept.theme();
      const next = shown === 'dark' ? 'light' : 'dark';
      kept.keepTheme(next);
      document.documentElement.dataset['theme'] = next;
    },
    showMinutes: (minutes) => change({ minutes }),
    pointAt: (cursor) => change({ cursor }),
    toggleTables: () => change({ areTablesShown: !state.areTablesShown }),
    toggleScheduleTable: () => change({ isScheduleTableShown: !state.isScheduleTableShown }),
    orderBy: (order) => change({ order }),
    choose: (chosenSchedule) => change({ chosenSchedule }),
    showAllQueues: () => change({ areAllQueuesShown: true }),
    ask(kind, concertId) {
      change({ dialog: { kind, concertId, isBusy: false, fault: null } });
    },
    dismiss: () => change({ dialog: null }),
    changeQueue(concertId, policy) {
      if (state.token === null || state.dialog === null || state.dialog.isBusy) return;
      const { dialog } = state;
      change({ dialog: { ...dialog, isBusy: true, fault: null } });
      client
        .admin(state.token)
        .changeQueue(concertId, policy, { deadlineMs: CHANGE_LIMIT_MS })
        .then(
          () => {
            change({ dialog: null });
            feed?.hurry();
          },
          (error: unknown) => {
            const fault = error instanceof ApiProblem ? error.detail : WORDS[state.language].unreachable;
            change({ dialog: { ...dialog, isBusy: false, fault } });
          },
        );
    },
  };

  draw();
  addEventListener('hashchange', follow);
  if (state.token !== null) void enter(state.token);
}

startOpsPage();
