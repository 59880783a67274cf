import { type Child, h } from '../../view/node.ts';
import { buyerPage, buyerSearch } from './buyer-section.ts';
import { newConcert } from './concert-form.ts';
import { concertList } from './concert-list.ts';
import { concertPage } from './concert-page.ts';
import { hallSection } from './hall-section.ts';
import { keySection } from './key-section.ts';
import { logSection } from './log-section.ts';
import type { OpsContext } from './ops-context.ts';
import { newPlan, planList, planPage } from './plan-section.ts';
import { reportSection } from './report-section.ts';
import { maySee } from './section-nav.ts';

/** A section beside the monitor. */
export function sectionContent(context: OpsContext): Child {
  const { state, t } = context;
  const { route } = state.console;
  if (!maySee(state.console, route.section)) return h('p', { key: 'not-allowed', class: 'soft' }, t.notAllowed);
  switch (route.section) {
    case 'concerts':
      if (route.concertId === null) return concertList(context);
      if (route.concertId === 'new') return newConcert(context);
      return route.scheduleId === null ? concertPage(context) : hallSection(context, route.concertId, route.scheduleId);
    case 'plans':
      if (route.planId === null) return planList(context);
      return route.planId === 'new' ? newPlan(context) : planPage(context);
    case 'buyers':
      return route.userId === null ? buyerSearch(context) : buyerPage(context, route.userId);
    case 'reports':
      return reportSection(context);
    case 'keys':
      return keySection(context);
    case 'log':
      return logSection(context);
    case 'sale':
      return null;
  }
}
