/**
 * Zooms what an element scrolls. The content is scaled as a whole, so a gesture costs no layout; scrolling stays the browser's own.
 * `whole` shows everything; `opening` is as wide as the element, or as small as its parts can still be pressed.
 */
type Fit = 'opening' | 'whole' | 'free';

interface Zoomed {
  readonly port: HTMLElement;
  zoomBy(factor: number): void;
  showWhole(): void;
  showPart(part: HTMLElement): void;
}

/** Whether a content whose parts are too small opens as a whole, or with parts that can be pressed. */
type Opening = 'overview' | 'parts';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A part is this wide, in CSS pixels, before it is scaled. */
const PART_PX = 36;
/** WCAG 2.5.8: a target of less is hard to hit. */
const LEAST_TARGET_PX = 24;
/** A comfortable part on a touch screen. */
const COMFORTABLE_PX = 34;
const LARGEST_OPENING = 1.4;
const LARGEST = 2.2;
const STEP = 1.4;
const WHEEL_STEP = 0.01;
const GLIDE_MS = 180;

const zoomed = new WeakMap<Element, Zoomed>();

export function zoomIn(port: Element | null): void {
  if (port !== null) zoomed.get(port)?.zoomBy(STEP);
}

export function zoomOut(port: Element | null): void {
  if (port !== null) zoomed.get(port)?.zoomBy(1 / STEP);
}

/** Brings a part to the middle of what `port` shows. */
export function centreOn(port: Element, part: Element | null): void {
  if (part === null) return;
  const [at, of] = [part.getBoundingClientRect(), port.getBoundingClientRect()];
  port.scrollLeft += at.left + at.width / 2 - of.left - of.width / 2;
  port.scrollTop += at.top + at.height / 2 - of.top - of.height / 2;
}

export function zoomToWhole(port: Element | null): void {
  if (port !== null) zoomed.get(port)?.showWhole();
}

/** Brings a part of the content as close as it fits, with parts that can be pressed. */
export function showPart(port: Element, part: HTMLElement): void {
  zoomed.get(port)?.showPart(part);
}

/**
 * Makes the content of `port` zoom: its first child takes the size, and the first child of that is scaled. An element with the
 * attribute `data-unscaled` gets the scale as `--scale`, to keep the size of its text.
 */
export function makeZoom(port: Element, opening: Opening): void {
  const sizer = port.firstElementChild;
  const content = sizer?.firstElementChild;
  if (!(port instanceof HTMLElement && sizer instanceof HTMLElement && content instanceof HTMLElement)) return;
  const zoom = createZoom(port, sizer, content, opening);
  zoomed.set(port, zoom);
  followGestures(port, zoom);
}

interface Zoom extends Zoomed {
  readonly isFar: boolean;
  readonly isGliding: boolean;
  zoomTo(scale: number, anchor?: Point): void;
  zoomToPart(anchor: Point): void;
  readonly scale: number;
}

function createZoom(port: HTMLElement, sizer: HTMLElement, content: HTMLElement, opening: Opening): Zoom {
  const unscaled = content.querySelectorAll<HTMLElement>('[data-unscaled]');
  let scale = 1;
  let fit: Fit = 'opening';
  let gliding = 0;

  /** The height that the port can have, in pixels. */
  function tallest(): number {
    const limit = Number.parseFloat(getComputedStyle(port).maxBlockSize);
    return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
  }

  function scaleOf(wanted: Fit): number {
    const { offsetWidth, offsetHeight } = content;
    const byWidth = port.clientWidth / Math.max(1, offsetWidth);
    const byHeight = tallest() / Math.max(1, offsetHeight);
    const whole = Math.min(byWidth, byHeight, LARGEST_OPENING);
    if (wanted === 'whole' || whole * PART_PX >= COMFORTABLE_PX) return whole;
    const wide = Math.min(byWidth, LARGEST_OPENING);
    if (wide * PART_PX >= LEAST_TARGET_PX) return wide;
    return opening === 'overview' ? whole : COMFORTABLE_PX / PART_PX;
  }

  /** `anchor`, in pixels of the port, stays where it is. */
  function draw(next: number, anchor: Point): void {
    const asideBefore = aside(scale);
    const x = (port.scrollLeft + anchor.x - asideBefore) / scale;
    const y = (port.scrollTop + anchor.y) / scale;
    scale = next;
    content.style.transform = `translateX(${aside(next)}px) scale(${next})`;
    sizer.style.inlineSize = `${Math.max(port.clientWidth, content.offsetWidth * next)}px`;
    sizer.style.blockSize = `${content.offsetHeight * next}px`;
    port.scrollLeft = x * next + aside(next) - anchor.x;
    port.scrollTop = y * next - anchor.y;
    for (const part of unscaled) part.style.setProperty('--scale', next.toFixed(4));
    port.dataset['detail'] = next * PART_PX < LEAST_TARGET_PX ? 'far' : 'near';
  }

  function aside(at: number): number {
    return Math.max(0, (port.clientWidth - content.offsetWidth * at) / 2);
  }

  function middle(): Point {
    return { x: port.clientWidth / 2, y: port.clientHeight / 2 };
  }

  function glideTo(wanted: number, anchor: Point): void {
    const from = scale;
    glide((share) => draw(from * (wanted / from) ** share, anchor));
  }

  /** Draws a movement from 0 to 1, at once for who wants less motion. */
  function glide(drawAt: (share: number) => void): void {
    const startMs = performance.now();
    cancelAnimationFrame(gliding);
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return drawAt(1);
    const frame = (): void => {
      const share = Math.min(1, (performance.now() - startMs) / GLIDE_MS);
      drawAt(1 - (1 - share) ** 3);
      gliding = share < 1 ? requestAnimationFrame(frame) : 0;
    };
    frame();
  }

  function glideToPart(part: HTMLElement): void {
    // In pixels of the content before it is scaled.
    const at = part.getBoundingClientRect();
    const of = content.getBoundingClientRect();
    const [width, height] = [at.width / scale, at.height / scale];
    const [x, y] = [(at.left - of.left + at.width / 2) / scale, (at.top - of.top + at.height / 2) / scale];
    const byWidth = Math.min(port.clientWidth / width, LARGEST_OPENING);
    const both = Math.min(byWidth, tallest() / height);
    const fits = [both, byWidth].find((one) => one * PART_PX >= LEAST_TARGET_PX);
    const wanted = inBounds(fits ?? COMFORTABLE_PX / PART_PX);
    const from = scale;
    glide((share) => {
      const next = from * (wanted / from) ** share;
      draw(next, { x: 0, y: 0 });
      port.scrollLeft = x * next + aside(next) - port.clientWidth / 2;
      // A part that is taller than the port is seen from its top.
      port.scrollTop = Math.min(y * next - port.clientHeight / 2, (y - height / 2) * next);
    });
  }

  function inBounds(wanted: number): number {
    return Math.min(LARGEST, Math.max(wanted, Math.min(scaleOf('whole'), scaleOf('opening'))));
  }

  function refit(): void {
    draw(fit === 'free' ? inBounds(scale) : scaleOf(fit), { x: 0, y: 0 });
    // The stage is in the middle of the first line.
    if (fit === 'opening') port.scrollLeft = (port.scrollWidth - port.clientWidth) / 2;
  }

  refit();
  let seenWidth = port.clientWidth;
  let seenHeight = innerHeight;
  new ResizeObserver(() => {
    if (port.clientWidth === seenWidth && innerHeight === seenHeight) return;
    seenWidth = port.clientWidth;
    seenHeight = innerHeight;
    refit();
  }).observe(port);

  return {
    port,
    get scale() {
      return scale;
    },
    get isFar() {
      return port.dataset['detail'] === 'far';
    },
    zoomTo(wanted, anchor = middle()) {
      cancelAnimationFrame(gliding);
      gliding = 0;
      fit = 'free';
      draw(inBounds(wanted), anchor);
    },
    zoomBy(factor) {
      fit = 'free';
      glideTo(inBounds(scale * factor), middle());
    },
    zoomToPart(anchor) {
      fit = 'free';
      glideTo(inBounds(COMFORTABLE_PX / PART_PX), anchor);
    },
    get isGliding() {
      return gliding !== 0;
    },
    showPart(part) {
      fit = 'free';
      glideToPart(part);
    },
    showWhole() {
      fit = 'whole';
      glideTo(scaleOf('whole'), { x: 0, y: 0 });
    },
  };
}

function followGestures(port: HTMLElement, zoom: Zoom): void {
  const fingers = new Map<number, Point>();
  let pinch: { readonly distance: number; readonly scale: number } | null = null;

  function inPort({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = port.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  function between(): { distance: number; middle: Point } | null {
    const [one, other] = fingers.values();
    if (one === undefined || other === undefined) return null;
    const middle = { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
    return { distance: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)), middle };
  }

  port.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'touch') return;
    fingers.set(event.pointerId, inPort(event));
    const pair = between();
    pinch = pair === null ? null : { distance: pair.distance, scale: zoom.scale };
  });
  port.addEventListener('pointermove', (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, inPort(event));
    const pair = between();
    if (pair !== null && pinch !== null) zoom.zoomTo(pinch.scale * (pair.distance / pinch.distance), pair.middle);
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    port.addEventListener(end, ({ pointerId }) => {
      fingers.delete(pointerId);
      pinch = null;
    });
  }
  // One finger scrolls. Two fingers belong to the pinch: otherwise the browser takes them to scroll or to magnify the page.
  for (const name of ['touchstart', 'touchmove'] as const) {
    port.addEventListener(
      name,
      (event) => {
        if (event.touches.length > 1 && event.cancelable) event.preventDefault();
      },
      { passive: false },
    );
  }
  port.addEventListener(
    'wheel',
    (event) => {
      // A trackpad's pinch arrives as a wheel with Ctrl.
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom.zoomTo(zoom.scale * Math.exp(-event.deltaY * WHEEL_STEP), inPort(event));
    },
    { passive: false },
  );
  port.addEventListener('keydown', ({ key }) => {
    if (key === '+' || key === '=') zoom.zoomBy(STEP);
    else if (key === '-') zoom.zoomBy(1 / STEP);
    else if (key === '0') zoom.showWhole();
  });
  // A finger cannot choose one of many small parts: its tap brings them closer.
  port.addEventListener(
    'click',
    (event) => {
      if (!zoom.isFar || !(event instanceof PointerEvent) || event.pointerType !== 'touch') return;
      if (event.target instanceof Element && event.target.closest('[data-unscaled]') !== null) return;
      event.preventDefault();
      event.stopPropagation();
      zoom.zoomToPart(inPort(event));
    },
    { capture: true },
  );
  port.addEventListener('focusin', ({ target }) => {
    if (zoom.isFar && !zoom.isGliding && target instanceof HTMLElement && target.matches('[data-seat]:focus-visible')) {
      const { left, top, width, height } = target.getBoundingClientRect();
      const corner = port.getBoundingClientRect();
      zoom.zoomToPart({ x: left + width / 2 - corner.left, y: top + height / 2 - corner.top });
    }
  });
}
