import { buy, giveBack, release } from './buying.ts';
import type { Fan, FanEnd } from './fan.ts';
import { leaveQueue, waitForTurn } from './queueing.ts';
import type { RushContext, Turn } from './rush-context.ts';
import { openShopWindow } from './shop-window.ts';
import { findSeats, type Held, think } from './shopping.ts';

/** A longer hold would delay the demo, so the fan releases it instead of letting it expire. */
const WALK_AWAY_MOST_MS = 15_000;
/** After its end, so that a hold has surely expired. */
const AFTER_EXPIRY_MS = 200;

/** A fan queues, shops and goes, once. Throws when the service breaks its contract. */
export async function visit(context: RushContext, fan: Fan): Promise<FanEnd> {
  const { stage } = context;
  for (;;) {
    const turn = await waitForTurn(context, fan);
    if (turn === null) return stage.isOver() ? endOf(fan, 'told: sold out') : 'changed their mind';
    try {
      const end = await shop(context, fan, turn);
      if (end !== 'queue-again') return end;
    } finally {
      turn.live.close();
    }
  }
}

async function shop(context: RushContext, fan: Fan, turn: Turn): Promise<FanEnd | 'queue-again'> {
  const { stage } = context;
  const intention = fan.intention;
  const window = openShopWindow(context, turn);
  for (let holds = 1; ; holds += 1) {
    const held = await findSeats(context, fan, turn, window);
    if (held === 'queue-again') return held;
    if (held === 'nothing-left' || held === 'enough') {
      await leaveQueue(context, fan, turn, []);
      return endOf(fan, stage.isOver() ? 'told: sold out' : 'found nothing left');
    }
    if (holds === 1 && intention === 'dither') {
      await think(context);
      await release(context, fan, turn, held);
      continue;
    }
    if (intention === 'leave') {
      await think(context);
      await leaveQueue(context, fan, turn, held.seats);
      return 'changed their mind';
    }
    if (intention === 'walk-away') {
      await walkAway(context, fan, turn, held);
      return 'changed their mind';
    }
    const end = await complete(context, fan, turn, held);
    if (end !== null) return end;
  }
}

/** Null when the hold had ended before the payment. */
async function complete(context: RushContext, fan: Fan, turn: Turn, held: Held): Promise<FanEnd | null> {
  const { stage } = context;
  if (fan.intention !== 'refund') return (await buy(context, fan, turn, held)) ? 'tickets' : null;
  stage.refundsAhead.count += 1;
  stage.refundsAhead.begun += 1;
  try {
    if (!(await buy(context, fan, turn, held))) return null;
    await think(context);
    const ticket = fan.tickets.at(-1);
    if (ticket !== undefined) await giveBack(context, fan, ticket);
    return 'gave tickets back';
  } finally {
    stage.refundsAhead.count -= 1;
  }
}

async function walkAway(context: RushContext, fan: Fan, turn: Turn, held: Held): Promise<void> {
  const holdMs = held.expiresAtMs - held.createdAtMs;
  if (holdMs > WALK_AWAY_MOST_MS) {
    await release(context, fan, turn, held);
  } else {
    await context.stage.pause(holdMs + AFTER_EXPIRY_MS);
  }
  await leaveQueue(context, fan, turn, held.seats);
}

function endOf(fan: Fan, end: FanEnd): FanEnd {
  return fan.tickets.length > 0 ? 'tickets' : end;
}
