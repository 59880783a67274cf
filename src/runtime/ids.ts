import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes are drawn for this many ids at once: a draw costs microseconds, whatever its size. */
const IDS_PER_DRAW = 256;
const BYTES_PER_ID = 16;
/** The counter's random start in a new millisecond: 31 bits, so that 2^31 more ids fit before it overflows. */
const FIRST_COUNT_MASK = 0x7fff_ffff;
const LAST_COUNT = 0xffff_ffff;

/** Makes an id for an instant in epoch milliseconds of the database's clock. Throws while that clock is unknown. */
export type IdSource = (nowMs: number) => string;

/**
 * A source of UUIDs of version 7 (RFC 9562): the millisecond, a 32-bit counter that starts at a random value in each
 * millisecond, and 42 random bits. Lists sort by these ids, newest first, so their time is the database's, which all nodes
 * share.
 *
 * IDS-1. Each id of a source sorts after the one before it, within a millisecond and also when the clock goes back.
 */
export function createIdSource(): IdSource {
  const pool = new Uint8Array(IDS_PER_DRAW * BYTES_PER_ID);
  const words = new DataView(pool.buffer);
  let offset = pool.length;
  let lastMs = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (nowMs) => {
    if (!Number.isSafeInteger(nowMs)) throw new RangeError(`no id can be made at ${nowMs} ms`);
    if (offset === pool.length) {
      randomFillSync(pool);
      offset = 0;
    }
    if (nowMs > lastMs) {
      lastMs = nowMs;
      count = words.getUint32(offset) & FIRST_COUNT_MASK;
    } else if (count === LAST_COUNT) {
      lastMs += 1;
      count = 0;
    } else {
      count += 1;
    }
    const random = pool.subarray(offset, offset + BYTES_PER_ID);
    offset += BYTES_PER_ID;
    return v7({ random, msecs: lastMs, seq: count });
  };
}
