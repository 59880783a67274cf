import type { Language } from '../language/language.ts';
import type { Theme } from '../state/page-state.ts';

const PREFIX = 'frontrow.';

/**
 * The data that stays on this machine between visits: access token, queue tokens, language and theme. The service knows the
 * rest.
 */
export interface KeptTokens {
  accessToken(): string | null;
  keepAccessToken(token: string | null): void;
  queueToken(concertId: number): string | null;
  keepQueueToken(concertId: number, token: string | null): void;
  /** The concerts with a kept queue token. */
  queues(): readonly number[];
  language(): string | null;
  keepLanguage(language: Language): void;
  theme(): Theme;
  keepTheme(theme: Theme): void;
  /** Calls back when another tab has changed something. */
  onChangeElsewhere(run: () => void): void;
}

export function createKeptTokens(): KeptTokens {
  const storage = openStorage();

  function keep(name: string, value: string | null): void {
    if (value === null) storage.removeItem(PREFIX + name);
    else storage.setItem(PREFIX + name, value);
  }

  const read = (name: string): string | null => storage.getItem(PREFIX + name);
  return {
    accessToken: () => read('access-token'),
    keepAccessToken(token) {
      keep('access-token', token);
      if (token === null) {
        for (const name of storage.names()) if (name.startsWith(`${PREFIX}queue.`)) storage.removeItem(name);
      }
    },
    queueToken: (concertId) => read(`queue.${concertId}`),
    keepQueueToken: (concertId, token) => keep(`queue.${concertId}`, token),
    queues: () =>
      storage
        .names()
        .filter((name) => name.startsWith(`${PREFIX}queue.`))
        .map((name) => Number(name.slice(`${PREFIX}queue.`.length))),
    language: () => read('language'),
    keepLanguage: (language) => keep('language', language),
    theme() {
      const kept = read('theme');
      return kept === 'light' || kept === 'dark' ? kept : 'system';
    },
    keepTheme: (theme) => keep('theme', theme === 'system' ? null : theme),
    onChangeElsewhere(run) {
      addEventListener('storage', (event) => {
        if (event.key === null || event.key.startsWith(PREFIX)) run();
      });
    },
  };
}

interface SmallStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
  names(): string[];
}

/** The browser's storage, or memory where storage is forbidden: then only a reload loses the data. */
function openStorage(): SmallStorage {
  try {
    const storage = globalThis.localStorage;
    const probe = `${PREFIX}probe`;
    storage.setItem(probe, '');
    storage.removeItem(probe);
    return {
      getItem: (name) => storage.getItem(name),
      setItem: (name, value) => storage.setItem(name, value),
      removeItem: (name) => storage.removeItem(name),
      names: () => Object.keys(storage),
    };
  } catch {
    const memory = new Map<string, string>();
    return {
      getItem: (name) => memory.get(name) ?? null,
      setItem: (name, value) => void memory.set(name, value),
      removeItem: (name) => void memory.delete(name),
      names: () => [...memory.keys()],
    };
  }
}
