/** Entries per statement: some 20 ms of PostgreSQL's time, which the next entry waits at most. */
export const ENTRIES_PER_STATEMENT = 1_000;
/** Entries under way; what one second can take, so that nobody waits in vain. */
export const MOST_ENTRIES_PENDING = 10_000;
