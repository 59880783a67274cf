import { ApiProblem } from '../../src/client/failures.ts';
import { createFrontrowClient } from '../../src/client/frontrow-client.ts';
import { createKeptTokens } from '../box-office/kept-tokens.ts';
import { chooseLanguage } from '../language/language.ts';
import { createScreen } from '../view/patch.ts';
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

/** Connects the page's state, its changes and its rendering. */
function startOpsPage(): void {
  const keptToken = createOperatorToken(() => sessionStorage);
  const kept = createKeptTokens();
  const client = createFrontrowClient({ language: () => state.language });
  const show = createScreen(document.body);
  let state = firstState(chooseLanguage(kept.language(), navigator.languages), keptToken.read());
  let format = createOpsFormat(state.language);
  let feed: Feed | null = null;
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
    show(opsPage({ state, words, format, actions }));
  }

  function watch(token: string): void {
    feed?.stop();
    feed = startFeed(client.admin(token), () => lastNumber(state.timeline), {
      reported(report) {
        keptToken.keep(token);
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
      turnedAway(problem) {
        leave(problem.code === 'ROUTE_NOT_FOUND' ? 'no-admin' : 'refused');
      },
      rested: (isResting) => change({ isResting }),
    });
  }

  function leave(tokenFault: OpsState['tokenFault']): void {
    feed?.stop();
    feed = null;
    keptToken.forget();
    change({ ...firstState(state.language, null), tokenFault, minutes: state.minutes, order: state.order });
  }

  const actions: OpsActions = {
    open(token) {
      change({ token, tokenFault: null, timeline: EMPTY_TIMELINE });
      watch(token);
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
  if (state.token !== null) watch(state.token);
}

startOpsPage();
