import type { FrontrowClient } from '../../src/client/frontrow-client.ts';
import type { LiveClient } from '../../src/client/live/live-client.ts';
import type { ShopperClient } from '../../src/client/shopper-client.ts';
import type { Random } from '../../harness/random.ts';
import type { AcknowledgementLog } from './acknowledgement.ts';
import type { Stage } from './stage.ts';
import type { RushStatistics } from './statistics.ts';

/** The parts that every fan of a rush uses. */
export interface RushContext {
  readonly client: FrontrowClient;
  readonly stage: Stage;
  /** Signs fans in; null where they register one by one, within the service's limit. */
  readonly authSecret: string | null;
  readonly random: Random;
  readonly statistics: RushStatistics;
  readonly acknowledgements: AcknowledgementLog;
}

/** A fan's turn: its queue token, its client and its live connection. */
export interface Turn {
  readonly token: string;
  readonly shopper: ShopperClient;
  /** The connection over which the fan waited; the owner of the turn closes it. */
  readonly live: LiveClient;
}
