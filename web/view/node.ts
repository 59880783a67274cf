/** A description of what the page shows; `patch.ts` makes the page like it. Text is only ever text. */
export type ViewNode = ElementNode | string;

export interface ElementNode {
  readonly name: string;
  readonly props: Props;
  readonly children: readonly ViewNode[];
}

type Listeners = { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };
type Placed = (element: Element) => void;
type AttributeValue = string | number | boolean | null | undefined;

/**
 * Attributes by their names in HTML. `false`, null and undefined leave an attribute out, except that `aria-` ones are written
 * "true" and "false". `value` and `checked` are the control's own.
 */
export interface Props {
  /** Which of its like among its siblings this is. A node without one is matched by its place. */
  readonly key?: string | number;
  readonly on?: Listeners;
  /** Custom properties of its style; nothing else of a style is set by the page. */
  readonly vars?: Readonly<Record<`--${string}`, string | number>>;
  /** Called once, when the element has come into the page. */
  readonly placed?: Placed;
  /** Called once, before the element leaves the page. */
  readonly leaving?: Placed;
  readonly [attribute: string]: AttributeValue | Listeners | Placed | Readonly<Record<string, string | number>>;
}

/** What stands for nothing, so that a condition can be written where a node is. */
type Nothing = null | undefined | false;
export type Child = ViewNode | number | Nothing | readonly Child[];

/** An element with its children; lists are taken apart, and what stands for nothing is left out. */
export function h(name: string, props: Props = {}, ...children: readonly Child[]): ElementNode {
  const nodes: ViewNode[] = [];
  gather(children, nodes);
  return { name, props, children: nodes };
}

function gather(children: readonly Child[], into: ViewNode[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (typeof child === 'string') into.push(child);
    else if (typeof child === 'number') into.push(String(child));
    else if ('name' in child) into.push(child);
    else gather(child, into);
  }
}
