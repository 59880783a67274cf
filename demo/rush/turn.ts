import type { LiveClient } from '../../src/client/live/live-client.ts';
import type { ShopperClient } from '../../src/client/shopper-client.ts';

/** A fan's turn in the shop: what one may do there, and the window onto its seat maps. */
export interface Turn {
  readonly token: string;
  readonly shopper: ShopperClient;
  /** The connection over which the turn was waited for; closed by whoever has the turn. */
  readonly live: LiveClient;
}
