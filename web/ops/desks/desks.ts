import type { ConsoleRoute } from '../console-route.ts';
import type { Say } from '../console-state.ts';
import type { DeskTools } from '../desk-tools.ts';
import { createBuyerDesk } from './buyer-desk.ts';
import { createCancellationDesk } from './cancellation-desk.ts';
import { createCatalogueDesk } from './catalogue-desk.ts';
import { createHallDesk } from './hall-desk.ts';
import { createOfficeDesk } from './office-desk.ts';
import { createPlanDesk } from './plan-desk.ts';
import { createPlanMoveDesk } from './plan-move-desk.ts';
import { createReportDesk } from './report-desk.ts';
import { createSeatDesk } from './seat-desk.ts';

/** What an organiser can do in the sections beside the monitor. */
export function createDesks(tools: DeskTools) {
  const catalogue = createCatalogueDesk(tools);
  const cancellations = createCancellationDesk(tools, catalogue.open);
  const hall = createHallDesk(tools, (scheduleId) => {
    const { route } = tools.state;
    return route.section === 'concerts' && route.scheduleId === scheduleId;
  });
  const seats = createSeatDesk(tools, hall.look);
  const plans = createPlanDesk(tools);
  const planMoves = createPlanMoveDesk(tools, catalogue.open);
  const buyers = createBuyerDesk(tools);
  const reports = createReportDesk(tools);
  const office = createOfficeDesk(tools);

  /** The refunds of the open concert's cancelled dates. */
  function watchRefunds(): void {
    const { concert } = tools.state.catalogue;
    if (concert === null || concert === 'missing') return;
    for (const { cancellationId } of concert.schedules) {
      if (cancellationId !== null && tools.state.cancellations.get(cancellationId)?.state !== 'DONE')
        void cancellations.watch(cancellationId);
    }
  }

  /** Reads what a section shows. */
  async function open(route: ConsoleRoute): Promise<void> {
    switch (route.section) {
      case 'concerts':
        if (route.concertId === null) await catalogue.openList();
        else if (route.concertId !== 'new') {
          await Promise.all([catalogue.open(route.concertId), plans.openList()]);
          watchRefunds();
          if (route.scheduleId !== null) await hall.open(route.scheduleId);
        }
        return;
      case 'plans':
        if (route.planId === null) await plans.openList();
        else if (route.planId !== 'new') await plans.open(route.planId);
        return;
      case 'buyers':
        if (route.userId === null) buyers.openSearch();
        else await buyers.open(route.userId);
        return;
      case 'reports':
        await Promise.all([reports.open(), catalogue.openList()]);
        return;
      case 'keys':
        await office.openKeys();
        return;
      case 'log':
        await office.openLog();
        return;
      case 'sale':
    }
  }

  return {
    catalogue,
    cancellations,
    hall,
    seats,
    plans,
    planMoves,
    buyers,
    reports,
    office,
    open,
    /** Says why a form cannot be sent. */
    refuse(task: string, title: Say): void {
      tools.change({ fault: { at: task, code: 'INPUT', title, lines: [] }, done: null });
    },
    dismissDone: () => tools.change({ done: null }),
    dismissQuestion: () => tools.change({ question: null, fault: null }),
    async answerQuestion(reason: string): Promise<void> {
      const { question } = tools.state;
      if (question === null) return;
      const isDone = await question.run(reason);
      if (isDone && tools.state.question === question) tools.change({ question: null });
    },
  };
}

export type Desks = ReturnType<typeof createDesks>;
