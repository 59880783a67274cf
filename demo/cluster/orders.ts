/** An order that a user types at the terminal. */
export type Order =
  | { readonly type: 'kill' | 'pause-or-resume' | 'restart'; readonly node: number }
  | { readonly type: 'quit' }
  | { readonly type: 'unknown'; readonly text: string };

const TYPES = { k: 'kill', s: 'pause-or-resume', r: 'restart' } as const;
const INTERRUPT = '\u0003';

export const ORDERS_HELP =
  'k2 kills node 2 · s2 stops it, or resumes it · r2 restarts it in order, or starts it again · q quits';

/** Finds orders in the typed text, key by key on a terminal or in lines from a pipe. Spaces and ends of lines separate orders. */
export function createOrderReader(nodes: number): (text: string) => Order[] {
  let begun = '';
  return (text) => {
    const orders: Order[] = [];
    for (const key of text) {
      if (key === INTERRUPT || (begun === '' && key === 'q')) {
        orders.push({ type: 'quit' });
      } else if (/\s/.test(key)) {
        if (begun !== '') orders.push({ type: 'unknown', text: begun });
        begun = '';
      } else if (begun === '' && isOrderKey(key)) {
        begun = key;
      } else {
        const node = Number(key);
        const kind = isOrderKey(begun) && Number.isInteger(node) && node >= 1 && node <= nodes ? TYPES[begun] : null;
        orders.push(kind === null ? { type: 'unknown', text: begun + key } : { type: kind, node });
        begun = '';
      }
    }
    return orders;
  };
}

function isOrderKey(key: string): key is keyof typeof TYPES {
  return Object.hasOwn(TYPES, key);
}
