const KEY = 'frontrow.admin-token';

/** The admin token for as long as the tab is open; never in an address, and never kept beyond. */
export interface OperatorToken {
  read(): string | null;
  keep(token: string): void;
  forget(): void;
}

/** A browser that forbids storage asks for the token again at the next load, and loses nothing else. */
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
