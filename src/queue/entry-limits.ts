/** Entries per statement: some 10 ms of PostgreSQL's time. With more at a time all wait for one statement, and the node for them. */
export const ENTRIES_PER_STATEMENT = 500;
/** Entries under way; what one second can take, so that nobody waits in vain. */
export const MOST_ENTRIES_PENDING = 10_000;
