const KEY = 'frontrow.admin-token';

/** Keeps the admin token while the tab is open; never in an address, and no longer than that. */
export interface OperatorToken {
  read(): string | null;
  keep(token: string): void;
  forget(): void;
}

/** Where the browser forbids storage, the page only asks for the token again at the next load. */
export function createOperatorToken(openStorage: () => Storage): OperatorToken {
  function attempt<T>(use: (storage: Storage) => T, otherwise: T): T {
    try {
      return use(openStorage());
    } catch {
      return otherwise;
    }
  }
  return {
    read: () => attempt((storage) => storage.getItem(KEY), null),
    keep: (token) => attempt((storage) => storage.setItem(KEY, token), undefined),
    forget: () => attempt((storage) => storage.removeItem(KEY), undefined),
  };
}
