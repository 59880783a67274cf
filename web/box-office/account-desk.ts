import { isProblem, noticeOf } from './failure-notice.ts';
import type { Counter } from './counter.ts';

export interface AccountDesk {
  /** Finds out whose the kept access token is. */
  restore(): Promise<void>;
  /** Makes a user and signs in; true when that was done. What is wrong is shown in the dialog. */
  register(user: { readonly name: string; readonly email: string }): Promise<boolean>;
  /** Signs in with a token from elsewhere; true when the service knows it. */
  useToken(token: string): Promise<boolean>;
  signOut(): void;
}

export function createAccountDesk({ client, kept, store, fan }: Counter): AccountDesk {
  /** The dialog stays open and says what is wrong, beside what was typed. */
  async function inDialog(run: () => Promise<void>): Promise<boolean> {
    const { busy } = store.state;
    if (busy.has('sign-in')) return false;
    store.dispatch({ type: 'began', action: 'sign-in' });
    try {
      await run();
      return true;
    } catch (error) {
      const { dialog } = store.state;
      if (dialog?.name !== 'sign-in') throw error;
      // Where the service issues no tokens, there is no such route: they come from somebody else.
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
    signOut() {
      kept.keepAccessToken(null);
      store.dispatch({ type: 'signed-out' });
    },
  };
}
