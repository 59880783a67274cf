import { buy, giveBack, release } from './buying.ts';
import type { Fan, FanEnd } from './fan.ts';
import { leaveQueue, waitForTurn } from './queueing.ts';
import type { RushContext } from './rush-context.ts';
import { findSeats, think } from './shopping.ts';
import type { Held } from './shopping.ts';

/** Letting a longer hold run out would keep everybody waiting; such a fan releases it instead. */
const WALK_AWAY_MOST_MS = 15_000;
/** How long after its end a hold is surely looked at. */
const AFTER_EXPIRY_MS = 200;

/** A fan queues, shops and goes, once. `crowd` is how many queue. Throws when the service does what it must not. */
export async function visit(context: RushContext, fan: Fan, crowd: number): Promise<FanEnd> {
  const { stage } = context;
  for (;;) {
    const token = await waitForTurn(context, fan, crowd);
    if (token === null) {
      return stage.isOver() ? endOf(fan, 'told: sold out') : 'changed their mind';
    }
    const end = await shop(context, fan, token);
    if (end !== 'queue-again') {
      return end;
    }
  }
}

async function shop(context: RushContext, fan: Fan, token: string): Promise<FanEnd | 'queue-again'> {
  const { stage } = context;
  const intention = fan.intention;
  for (let holds = 1; ; holds += 1) {
    const held = await findSeats(context, fan, token);
    if (held === 'queue-again') {
      return held;
    }
    if (held === 'nothing-left' || held === 'enough') {
      await leaveQueue(context, fan, token, []);
      return endOf(fan, stage.isOver() ? 'told: sold out' : 'found nothing left');
    }
    if (holds === 1 && intention === 'dither') {
      await think(context);
      await release(context, fan, token, held);
      continue;
    }
    if (intention === 'leave') {
      await think(context);
      await leaveQueue(
        context,
        fan,
        token,
        held.seats.map((seat) => seat.reservationId),
      );
      return 'changed their mind';
    }
    if (intention === 'walk-away') {
      await walkAway(context, fan, token, held);
      return 'changed their mind';
    }
    const end = await complete(context, fan, token, held);
    if (end !== null) {
      return end;
    }
  }
}

/** Null when the hold had ended before the payment. */
async function complete(context: RushContext, fan: Fan, token: string, held: Held): Promise<FanEnd | null> {
  const { stage } = context;
  if (fan.intention !== 'refund') {
    return (await buy(context, fan, token, held)) ? 'tickets' : null;
  }
  stage.refundsAhead.count += 1;
  try {
    if (!(await buy(context, fan, token, held))) {
      return null;
    }
    await think(context);
    const ticket = fan.tickets.at(-1);
    if (ticket !== undefined) {
      await giveBack(context, fan, ticket);
    }
    return 'gave tickets back';
  } finally {
    stage.refundsAhead.count -= 1;
  }
}

async function walkAway(context: RushContext, fan: Fan, token: string, held: Held): Promise<void> {
  const holdMs = held.expiresAtMs - held.createdAtMs;
  if (holdMs > WALK_AWAY_MOST_MS) {
    await release(context, fan, token, held);
  } else {
    await context.stage.pause(holdMs + AFTER_EXPIRY_MS);
  }
  await leaveQueue(
    context,
    fan,
    token,
    held.seats.map((seat) => seat.reservationId),
  );
}

function endOf(fan: Fan, end: FanEnd): FanEnd {
  return fan.tickets.length > 0 ? 'tickets' : end;
}
