import type { BuyerActivity, Payment } from '../../../src/client/answers.ts';
import { hashOf } from '../console-route.ts';
import type { DeskTools } from '../desk-tools.ts';

export interface BuyerState {
  /** The last search found nobody. */
  readonly isUnknown: boolean;
  readonly buyer: BuyerActivity | null;
}

export const FIRST_BUYERS: BuyerState = { isUnknown: false, buyer: null };

type ListName = keyof BuyerActivity['next'];

/** Buyers, and what they did. */
export function createBuyerDesk(tools: DeskTools) {
  const { run, load, ask, done } = tools;
  const note = (changes: Partial<BuyerState>): void => tools.change({ buyers: { ...tools.state.buyers, ...changes } });

  const open = (userId: string): Promise<boolean> =>
    load('buyer', async (admin) => note({ buyer: await admin.userActivity(userId), isUnknown: false }));

  return {
    open,
    openSearch: () => note(FIRST_BUYERS),
    async find(email: string): Promise<void> {
      await run('find', async (admin) => {
        const user = await admin.findUser(email);
        note({ isUnknown: user === null, buyer: null });
        if (user !== null) await tools.go(hashOf({ section: 'buyers', userId: user.userId }));
      });
    },
    refund(userId: string, { paymentId, amount, reservations }: Payment): void {
      ask({
        task: 'refund',
        title: (t) => t.buyers.refundTitle,
        lines: [
          (t, format) =>
            t.buyers.refundWords(reservations.map(({ seatLabel }) => seatLabel).join(', '), format.money(amount)),
        ],
        yes: (t) => t.buyers.refund,
        needsReason: true,
        async run(reason) {
          const isDone = await run('refund', async (admin) => {
            await admin.refund(paymentId, reason);
          });
          if (!isDone) return false;
          await open(userId);
          done((t, format) => t.buyers.refundedNow(format.money(amount)));
          return true;
        },
      });
    },
    more: (name: ListName) =>
      load('buyer', async (admin) => {
        const { buyer } = tools.state.buyers;
        if (buyer === null) return;
        const { user, next } = buyer;
        const page = await admin.userActivity(user.userId, { after: { [name]: next[name] } });
        const longer = { ...buyer, next: { ...next, [name]: page.next[name] } };
        note({ buyer: { ...longer, [name]: [...(buyer[name] ?? []), ...(page[name] ?? [])] } });
      }),
  };
}
