import type { LiveClient } from '../../src/client/live/live-client.ts';
import type { ShopperClient } from '../../src/client/shopper-client.ts';

/** A fan's turn: its queue token, its client and its live connection. */
export interface Turn {
  readonly token: string;
  readonly shopper: ShopperClient;
  /** The connection over which the fan waited; the owner of the turn closes it. */
  readonly live: LiveClient;
}
