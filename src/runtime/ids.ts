import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes are drawn for this many ids at once: a draw costs microseconds however small it is. */
const IDS_PER_DRAW = 256;
const BYTES_PER_ID = 16;

/**
 * A source of UUIDs of version 7 (RFC 9562): 74 random bits behind the millisecond, so ids sort by time, not within one
 * millisecond. `msecs` is the millisecond, if not this machine's.
 */
export function createIdSource(): (msecs?: number) => string {
  const pool = new Uint8Array(IDS_PER_DRAW * BYTES_PER_ID);
  let offset = pool.length;
  return (msecs = Date.now()) => {
    if (offset === pool.length) {
      randomFillSync(pool);
      offset = 0;
    }
    const random = pool.subarray(offset, offset + BYTES_PER_ID);
    offset += BYTES_PER_ID;
    return v7({ random, msecs });
  };
}
