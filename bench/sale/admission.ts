import { setTimeout as pause } from 'node:timers/promises';
import type { FrontrowClient } from '../../src/client/frontrow-client.ts';

/** A shop whose policy lets everybody in does so at once; a busy machine may take a moment. */
const LOOKS_MOST = 20;
const LOOK_EVERY_MS = 250;

/** An ACTIVE queue token; an Error when the policy lets nobody in for seconds. */
export async function enterShop(client: FrontrowClient, accessToken: string, concertId: number): Promise<string> {
  let place = await client.as(accessToken).enterQueue(concertId);
  for (let looks = 1; place.status !== 'ACTIVE'; looks += 1) {
    if (looks === LOOKS_MOST) {
      throw new Error(`A shopper is ${place.status} although the policy lets everybody in.`);
    }
    await pause(LOOK_EVERY_MS);
    place = await client.inQueue(place.token).status();
  }
  return place.token;
}
