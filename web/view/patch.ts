import type { ElementNode, Props, ViewNode } from './node.ts';

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';
const OWN_PROPS: ReadonlySet<string> = new Set(['key', 'on', 'vars', 'placed', 'leaving', 'value', 'checked']);

interface Placed {
  view: ViewNode;
  readonly dom: Element | Text;
  children: Placed[];
}

type Listener = (event: never) => void;

/**
 * Renders a description inside `root` and afterwards changes only the differences: elements with the same name and key stay, so
 * focus, scroll position and typed text survive.
 */
export function createScreen(root: Element): (views: readonly ViewNode[]) => void {
  const listeners = new WeakMap<Element, Map<string, Listener>>();
  let placed: Placed[] = [];
  let arrived: (() => void)[] = [];

  function create(view: ViewNode, inSvg: boolean): Placed {
    if (typeof view === 'string') return { view, dom: document.createTextNode(view), children: [] };
    const isSvg = inSvg || view.name === 'svg';
    const dom = isSvg ? document.createElementNS(SVG_NAMESPACE, view.name) : document.createElement(view.name);
    change(dom, {}, view.props);
    const children = view.children.map((child) => create(child, isSvg));
    dom.append(...children.map((child) => child.dom));
    // A select can take its value only once its options exist.
    setOwnValues(dom, view.props);
    const { placed: onPlaced } = view.props;
    if (onPlaced !== undefined) arrived.push(() => onPlaced(dom));
    return { view, dom, children };
  }

  function update(old: Placed, view: ViewNode): void {
    if (typeof view === 'string') {
      if (view !== old.view) old.dom.textContent = view;
    } else if (typeof old.view !== 'string' && old.dom instanceof Element && old.view !== view) {
      change(old.dom, old.view.props, view.props);
      old.children = updateChildren(old.dom, old.children, view.children);
      setOwnValues(old.dom, view.props);
    }
    old.view = view;
  }

  function updateChildren(parent: Element, old: readonly Placed[], views: readonly ViewNode[]): Placed[] {
    const free = new Map<string, Placed[]>();
    for (const child of old) {
      const id = identity(child.view);
      const same = free.get(id);
      if (same === undefined) free.set(id, [child]);
      else same.push(child);
    }
    const inSvg = parent.namespaceURI === SVG_NAMESPACE;
    const next = views.map((view) => {
      const kept = free.get(identity(view))?.shift();
      if (kept === undefined) return create(view, inSvg);
      update(kept, view);
      return kept;
    });
    for (const gone of [...free.values()].flat()) {
      leave(gone);
      gone.dom.remove();
    }
    let cursor = parent.firstChild;
    for (const { dom } of next) {
      if (dom === cursor) cursor = cursor.nextSibling;
      else parent.insertBefore(dom, cursor);
    }
    return next;
  }

  function leave({ view, dom, children }: Placed): void {
    for (const child of children) leave(child);
    if (typeof view !== 'string' && dom instanceof Element) view.props.leaving?.(dom);
  }

  function change(dom: Element, old: Props, props: Props): void {
    for (const name of Object.keys(old)) {
      if (!(name in props) && !OWN_PROPS.has(name)) dom.removeAttribute(name);
    }
    for (const [name, value] of Object.entries(props)) {
      if (OWN_PROPS.has(name) || value === old[name]) continue;
      const text = attributeText(name, value);
      if (text === null) dom.removeAttribute(name);
      else dom.setAttribute(name, text);
    }
    listen(dom, props);
    if (old.vars !== props.vars && (dom instanceof HTMLElement || dom instanceof SVGElement)) {
      setVars(dom, old.vars ?? {}, props.vars ?? {});
    }
  }

  /** Each kind of event keeps one listener, which calls the handler of the latest description. */
  function listen(dom: Element, props: Props): void {
    const wanted = Object.entries(props.on ?? {});
    const known = listeners.get(dom) ?? new Map<string, Listener>();
    if (wanted.length === 0 && known.size === 0) return;
    const names = new Set(wanted.map(([name]) => name));
    for (const [name, run] of wanted) {
      if (!known.has(name)) dom.addEventListener(name, (event) => known.get(name)?.(event as never));
      known.set(name, run);
    }
    for (const name of known.keys()) if (!names.has(name)) known.set(name, () => undefined);
    listeners.set(dom, known);
  }

  return (views) => {
    placed = updateChildren(root, placed, views);
    const calls = arrived;
    arrived = [];
    for (const call of calls) call();
  };
}

/** Setting a property costs a new layout of everything below, even if the value is the same. */
function setVars(
  dom: HTMLElement | SVGElement,
  old: NonNullable<Props['vars']>,
  vars: NonNullable<Props['vars']>,
): void {
  for (const name in old) if (!(name in vars)) dom.style.removeProperty(name);
  for (const [name, value] of Object.entries(vars)) {
    if (old[name as keyof typeof old] !== value) dom.style.setProperty(name, String(value));
  }
}

function setOwnValues(dom: Element, { value, checked }: Props): void {
  if (typeof value === 'string' && 'value' in dom && dom.value !== value) dom.value = value;
  if (typeof checked === 'boolean' && 'checked' in dom) dom.checked = checked;
}

function attributeText(name: string, value: Props[string]): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return name.startsWith('aria-') ? String(value) : value ? '' : null;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function identity(view: ViewNode): string {
  if (typeof view === 'string') return '#text';
  const { key } = view.props satisfies ElementNode['props'];
  return key === undefined ? view.name : `${view.name} ${key}`;
}
