import pg from 'pg';
import { type ConnectPatience, createConnectPatience } from './connect-patience.ts';

type Callback = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** After this wait a caller is better served by a 503. */
const WAITING_LIMIT_MS = 1_000;

/** Clients whose attempts to connect have the current limit. */
function patientClients(patience: ConnectPatience): typeof pg.Client {
  return class extends pg.Client {
    constructor(config: pg.ClientConfig) {
      const limitMs = patience.limitMs();
      super({ ...config, connectionTimeoutMillis: limitMs });
      const begunMs = performance.now();
      let isConnected = false;
      this.once('connect', () => {
        isConnected = true;
        patience.succeeded();
      });
      this.once('end', () => {
        if (!isConnected && performance.now() - begunMs >= limitMs) patience.gaveUp(limitMs);
      });
    }
  };
}

/**
 * A pool whose callers wait for a connection for one second. An attempt to connect may take longer; it then serves the next
 * caller. The library has one limit for both, under which attempts on a slow server never succeeded.
 */
export class PatientPool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    super({ ...config, connectionTimeoutMillis: 0, Client: patientClients(createConnectPatience()) });
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Callback): void;
  override connect(callback?: Callback): Promise<pg.PoolClient> | undefined {
    if (callback === undefined) {
      return new Promise((resolve, reject) => {
        this.#connectInTime((error, client) => {
          if (client === undefined) reject(error ?? new Error('the pool gave neither a connection nor an error'));
          else resolve(client);
        });
      });
    }
    this.#connectInTime(callback);
    return undefined;
  }

  #connectInTime(callback: Callback): void {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      callback(new Error(`no database connection within ${WAITING_LIMIT_MS} ms`), undefined, () => undefined);
    }, WAITING_LIMIT_MS);
    super.connect((error, client, done) => {
      clearTimeout(timer);
      if (!isLate) callback(error, client, done);
      else if (client !== undefined) done();
    });
  }
}
