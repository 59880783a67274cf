import type { User } from '../../src/client/answers.ts';
import { isProblem, noticeOf } from './failure-notice.ts';
import type { Counter } from './counter.ts';

export interface AccountDesk {
  /** Finds the user of the kept access token. */
  restore(): Promise<void>;
  /** Creates a user and signs in; true on success. The dialog shows errors. */
  register(user: { readonly name: string; readonly email: string }): Promise<boolean>;
  /** Signs in with a token that another party issued; true when the service accepts it. */
  useToken(token: string): Promise<boolean>;
  /** Opens the account of a return link; false if it cannot be opened, or if the fan is asked first. */
  useReturnLink(accessToken: string): Promise<boolean>;
  /** Signs in to another account in place of the present one. */
  switchTo(accessToken: string, user: User): void;
  signOut(): void;
}

export function createAccountDesk({ client, kept, store, fan }: Counter): AccountDesk {
  /** On failure the dialog stays open and shows the error beside the input. */
  async function inDialog(run: () => Promise<void>): Promise<boolean> {
    const { busy } = store.state;
    if (busy.has('sign-in')) return false;
    store.dispatch({ type: 'began', action: 'sign-in', by: '' });
    try {
      await run();
      return true;
    } catch (error) {
      const { dialog } = store.state;
      if (dialog?.name !== 'sign-in') throw error;
      // A service that issues no tokens lacks this route: the operator issues them.
      const way = isProblem(error, 'ROUTE_NOT_FOUND') ? 'token' : dialog.way;
      const fault = way === dialog.way ? noticeOf(error) : null;
      store.dispatch({ type: 'dialog-opened', dialog: { ...dialog, way, fault } });
      return false;
    } finally {
      store.dispatch({ type: 'finished', action: 'sign-in' });
    }
  }

  async function signIn(accessToken: string): Promise<void> {
    const user = await client.as(accessToken).me();
    kept.keepAccessToken(accessToken);
    store.dispatch({ type: 'signed-in', user });
  }

  function signOut(): void {
    kept.keepAccessToken(null);
    store.dispatch({ type: 'signed-out' });
  }

  function switchTo(accessToken: string, user: User): void {
    const { account } = store.state;
    if (typeof account === 'object' && account.userId !== user.userId) signOut();
    kept.keepAccessToken(accessToken);
    store.dispatch({ type: 'signed-in', user });
  }

  return {
    async restore() {
      const known = fan();
      if (known === null) {
        store.dispatch({ type: 'signed-out' });
        return;
      }
      try {
        store.dispatch({ type: 'signed-in', user: await known.me() });
      } catch (error) {
        if (isProblem(error, 'UNAUTHENTICATED', 'USER_NOT_FOUND')) {
          kept.keepAccessToken(null);
          store.dispatch({ type: 'signed-out' });
          return;
        }
        store.dispatch({ type: 'noticed', notice: noticeOf(error) });
      }
    },
    register: (user) =>
      inDialog(async () => {
        const { accessToken } = await client.register(user);
        await signIn(accessToken);
      }),
    useToken: (token) => inDialog(() => signIn(token.trim())),
    async useReturnLink(accessToken) {
      try {
        const user = await client.as(accessToken).me();
        const { account } = store.state;
        const isSame = typeof account === 'object' && account.userId === user.userId;
        const present = kept.accessToken();
        if (!isSame && present !== null && present !== accessToken) {
          store.dispatch({ type: 'dialog-opened', dialog: { name: 'switch-account', accessToken, user } });
          return false;
        }
        switchTo(accessToken, user);
        return true;
      } catch (error) {
        if (!isProblem(error, 'UNAUTHENTICATED', 'USER_NOT_FOUND')) throw error;
        store.dispatch({ type: 'noticed', notice: { kind: 'link-ended' } });
        return false;
      }
    },
    switchTo,
    signOut,
  };
}
