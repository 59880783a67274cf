/** A description of the page's content; `patch.ts` applies it to the document. Text is only ever text. */
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
 * Attributes by their HTML names. `false`, null and undefined leave an attribute out, except that `aria-` ones are written as
 * "true" and "false". `value` and `checked` set the control's own properties.
 */
export interface Props {
  /** Identifies the node among siblings of its kind. A node without one is matched by its position. */
  readonly key?: string | number;
  readonly on?: Listeners;
  /** Custom properties of its style; the page sets no other styles. */
  readonly vars?: Readonly<Record<`--${string}`, string | number>>;
  /** Called once, after the element has been inserted. */
  readonly placed?: Placed;
  /** Called once, before the element is removed. */
  readonly leaving?: Placed;
  readonly [attribute: string]: AttributeValue | Listeners | Placed | Readonly<Record<string, string | number>>;
}

/** Values for "no node", so that a condition can stand in place of a node. */
type Nothing = null | undefined | false;
export type Child = ViewNode | number | Nothing | readonly Child[];

/** An element with its children; lists are flattened, and empty values are left out. */
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
