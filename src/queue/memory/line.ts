/**
 * A line of people, in order of their entry numbers.
 *
 * Each number has a slot in an array sorted by number, and a binary indexed tree counts the occupied slots, so that a rank,
 * a look from the front and a departure cost O(log n) cells. Joining at the end, which is what happens, costs the
 * same; joining further ahead (an entry whose outcome was unknown for a while) rebuilds the line. Slots of those who left
 * are dropped when they are the majority, which spread over the departures costs O(1) each.
 */
export interface Line<T> {
  readonly size: number;
  /**
   * Cells of the line that were read or written since it was made: what ranks and departures cost, in a unit that does not
   * depend on the machine.
   */
  readonly cellsTouched: number;
  /** Lets `item` join behind everybody with a lower number. Numbers are different; may have gaps. */
  join(no: number, item: T): void;
  /** Takes the one with that number out. False when nobody has it. */
  leave(no: number): boolean;
  /** 1 is the front; 0 when nobody has that number. */
  rankOf(no: number): number;
  /** The one at that rank, counted from 1. */
  at(rank: number): T | undefined;
}

/** Below this many slots, dropping the empty ones is not worth the work. */
const SMALLEST_REBUILD = 64;

export function createLine<T>(): Line<T> {
  /** Ascending. */
  let numbers: number[] = [];
  /** Undefined where somebody left. */
  let items: (T | undefined)[] = [];
  /** Cell i (from 1) counts the occupied ones of the lowest-set-bit(i) slots that end at slot i; cell 0 is unused. */
  let counts: number[] = [0];
  let size = 0;
  let cellsTouched = 0;

  /** The position of the first slot with that number or a higher one. */
  function slotOf(no: number): number {
    let low = 0;
    let high = numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      cellsTouched += 1;
      if ((numbers[middle] ?? 0) < no) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function append(no: number, item: T): void {
    numbers.push(no);
    items.push(item);
    const cell = numbers.length;
    let count = 1;
    for (let part = cell - 1; part > cell - (cell & -cell); part -= part & -part) {
      cellsTouched += 1;
      count += counts[part] ?? 0;
    }
    counts.push(count);
    cellsTouched += 1;
    size += 1;
  }

  function add(slot: number, difference: number): void {
    for (let cell = slot + 1; cell < counts.length; cell += cell & -cell) {
      cellsTouched += 1;
      counts[cell] = (counts[cell] ?? 0) + difference;
    }
    size += difference;
  }

  /** Occupied slots among the first `slots`. */
  function countFirst(slots: number): number {
    let count = 0;
    for (let cell = slots; cell > 0; cell -= cell & -cell) {
      cellsTouched += 1;
      count += counts[cell] ?? 0;
    }
    return count;
  }

  /** Makes the line anew from its occupied slots and, at its place, one more. */
  function rebuild(no: number | null, item: T | undefined): void {
    const former = { numbers, items };
    numbers = [];
    items = [];
    counts = [0];
    size = 0;
    let isPlaced = no === null;
    const place = (): void => {
      if (no !== null && item !== undefined) append(no, item);
      isPlaced = true;
    };
    former.numbers.forEach((formerNo, slot) => {
      const occupant = former.items[slot];
      cellsTouched += 1;
      if (occupant === undefined) return;
      if (!isPlaced && no !== null && formerNo > no) place();
      append(formerNo, occupant);
    });
    if (!isPlaced) place();
  }

  return {
    get size() {
      return size;
    },

    get cellsTouched() {
      return cellsTouched;
    },

    join(no, item) {
      const last = numbers.at(-1);
      if (last === undefined || no > last) {
        append(no, item);
        return;
      }
      const slot = slotOf(no);
      if (numbers[slot] !== no) {
        rebuild(no, item);
      } else if (items[slot] === undefined) {
        items[slot] = item;
        add(slot, 1);
      } else {
        throw new Error(`entry number ${no} is in the line already`);
      }
    },

    leave(no) {
      const slot = slotOf(no);
      if (numbers[slot] !== no || items[slot] === undefined) return false;
      items[slot] = undefined;
      add(slot, -1);
      if (numbers.length >= SMALLEST_REBUILD && size < numbers.length / 2) rebuild(null, undefined);
      return true;
    },

    rankOf(no) {
      const slot = slotOf(no);
      if (numbers[slot] !== no || items[slot] === undefined) return 0;
      return countFirst(slot + 1);
    },

    at(rank) {
      if (rank < 1 || rank > size) return undefined;
      let slot = 0;
      let ahead = rank - 1;
      // Whole blocks are passed as long as everybody in them is ahead of the wanted one.
      for (let step = 2 ** (31 - Math.clz32(numbers.length)); step >= 1; step /= 2) {
        cellsTouched += 1;
        const count = counts[slot + step];
        if (count === undefined || count > ahead) continue;
        slot += step;
        ahead -= count;
      }
      return items[slot];
    },
  };
}
