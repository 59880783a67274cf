/** Entries per statement: some 10 ms of PostgreSQL's time. With more at a time all wait for one statement, and the node for them. */
export const ENTRIES_PER_STATEMENT = 500;
/** Entries under way; what one second can take, so that nobody waits in vain. */
export const MOST_ENTRIES_PENDING = 10_000;
/**
 * How soon a shopper without a sign of life is looked at again who holds a seat. A slot is free this long after the hold at the
 * latest, and a full house of holders costs PostgreSQL ten looks a second at most.
 */
export const IDLE_LOOK_AGAIN_MS = 10_000;
