import type { AdminKey, AdminKeyWithSecret, AdminLogEntry, NewAdminKey } from '../../../src/client/answers.ts';
import type { DeskTools } from '../desk-tools.ts';

export interface OfficeState {
  readonly keys: readonly AdminKey[] | null;
  /** The key that has just been created, with its secret. */
  readonly newKey: AdminKeyWithSecret | null;
  readonly entries: readonly AdminLogEntry[] | null;
  readonly entriesCursor: string | null;
}

export const FIRST_OFFICE: OfficeState = { keys: null, newKey: null, entries: null, entriesCursor: null };

const KEYS_PAGE = 100;
const LOG_PAGE = 50;

/** API keys, and the log of what was changed with them. */
export function createOfficeDesk(tools: DeskTools) {
  const { run, load, ask, done } = tools;
  const read = (): OfficeState => tools.state.office;
  const note = (changes: Partial<OfficeState>): void => tools.change({ office: { ...read(), ...changes } });

  const openKeys = (): Promise<boolean> =>
    load('keys', async (admin) => note({ keys: (await admin.keys({ limit: KEYS_PAGE })).items }));

  return {
    /** The secret of a new key is shown until the section is left. */
    openKeys() {
      note({ newKey: null });
      return openKeys();
    },
    async createKey(key: NewAdminKey): Promise<void> {
      const isDone = await run('key', async (admin) => note({ newKey: await admin.createKey(key) }));
      if (!isDone) return;
      await openKeys();
      done((t) => t.keys.created(key.name));
    },
    async copySecret(secret: string): Promise<void> {
      await navigator.clipboard.writeText(secret);
      done((t) => t.keys.copied);
    },
    revokeKey({ keyId, name, lastUsedAt }: AdminKey): void {
      ask({
        task: 'revoke',
        title: (t) => t.keys.revokeTitle,
        lines: [
          (t, format) =>
            t.keys.revokeWords(name, lastUsedAt === null ? t.keys.unused : t.keys.lastUsed(format.moment(lastUsedAt))),
        ],
        yes: (t) => t.keys.revoke,
        async run() {
          const isDone = await run('revoke', async (admin) => {
            await admin.revokeKey(keyId);
            if (read().newKey?.keyId === keyId) note({ newKey: null });
          });
          if (!isDone) return false;
          await openKeys();
          done((t) => t.keys.revokedNow);
          return true;
        },
      });
    },
    /** The names of the keys say who did what. */
    openLog: () =>
      load('log', async (admin) => {
        const [page, keys] = await Promise.all([admin.log({ limit: LOG_PAGE }), admin.keys({ limit: KEYS_PAGE })]);
        note({ entries: page.items, entriesCursor: page.nextCursor, keys: keys.items });
      }),
    openMoreOfLog: () =>
      load('log', async (admin) => {
        const { entries, entriesCursor: cursor } = read();
        if (cursor === null) return;
        const page = await admin.log({ limit: LOG_PAGE, cursor });
        note({ entries: [...(entries ?? []), ...page.items], entriesCursor: page.nextCursor });
      }),
  };
}
