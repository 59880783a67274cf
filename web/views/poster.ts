import { type ElementNode, h } from '../view/node.ts';

/** A concert has no picture, so it gets a stage of its own: the same concert always the same one. */
interface Stage {
  /** Hue of the light in degrees, and of the light that mixes into it. */
  readonly hue: number;
  readonly otherHue: number;
  readonly beams: readonly {
    readonly x: number;
    readonly lean: number;
    readonly spread: number;
    readonly glow: number;
  }[];
  readonly moon: { readonly x: number; readonly y: number; readonly r: number };
}

const WIDTH = 400;
const HEIGHT = 260;
const FLOOR = 214;
/** Pairs that look like one show; hues between are muddy together. */
const HUES: readonly (readonly [number, number])[] = [
  [36, 344],
  [262, 318],
  [196, 258],
  [12, 46],
  [158, 204],
  [330, 276],
];
const BEAMS = 5;

export function poster(seed: number): ElementNode {
  const { hue, otherHue, beams, moon } = stageOf(seed);
  const id = `poster-${seed}`;
  return h(
    'svg',
    { class: 'poster', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': true },
    h(
      'defs',
      {},
      gradient(`${id}-sky`, [
        [0, `hsl(${otherHue} 48% 9%)`, 1],
        [1, `hsl(${hue} 62% 22%)`, 1],
      ]),
      gradient(`${id}-beam`, [
        [0, `hsl(${hue} 100% 78%)`, 0.75],
        [1, `hsl(${hue} 100% 62%)`, 0],
      ]),
      gradient(`${id}-other`, [
        [0, `hsl(${otherHue} 95% 78%)`, 0.6],
        [1, `hsl(${otherHue} 95% 60%)`, 0],
      ]),
    ),
    h('rect', { width: WIDTH, height: HEIGHT, fill: `url(#${id}-sky)` }),
    h('circle', { cx: moon.x, cy: moon.y, r: moon.r, fill: `hsl(${hue} 90% 68%)`, opacity: 0.9 }),
    h('circle', {
      cx: moon.x + moon.r * 0.34,
      cy: moon.y - moon.r * 0.2,
      r: moon.r * 0.94,
      fill: `hsl(${otherHue} 50% 16%)`,
      opacity: 0.55,
    }),
    beams.map(({ x, lean, spread, glow }, index) =>
      h('polygon', {
        points: `${x - 3},-10 ${x + 3},-10 ${x + lean + spread},${HEIGHT} ${x + lean - spread},${HEIGHT}`,
        fill: `url(#${id}-${index % 2 === 0 ? 'beam' : 'other'})`,
        opacity: glow,
      }),
    ),
    h('rect', { y: FLOOR, width: WIDTH, height: HEIGHT - FLOOR, fill: `hsl(${otherHue} 45% 7%)` }),
    heads(seed, `hsl(${otherHue} 45% 5%)`),
  );
}

/** The audience, from behind. */
function heads(seed: number, fill: string): ElementNode {
  const random = numbersFrom(seed + 77);
  const circles = Array.from({ length: 27 }, (_, index) => {
    const r = 9 + random() * 5;
    return h('circle', { cx: index * 15.5 + random() * 6, cy: FLOOR + 6 - random() * 9, r, fill });
  });
  return h('g', {}, circles);
}

function gradient(id: string, stops: readonly (readonly [number, string, number])[]): ElementNode {
  return h(
    'linearGradient',
    { id, x1: 0, y1: 0, x2: 0, y2: 1 },
    stops.map(([offset, color, opacity]) => h('stop', { offset, 'stop-color': color, 'stop-opacity': opacity })),
  );
}

function stageOf(seed: number): Stage {
  const random = numbersFrom(seed);
  const [hue, otherHue] = HUES[(seed - 1 + HUES.length) % HUES.length] ?? [36, 344];
  const beams = Array.from({ length: BEAMS }, (_, index) => ({
    x: ((index + 0.5) * WIDTH) / BEAMS + (random() - 0.5) * 30,
    lean: (random() - 0.5) * 220,
    spread: 26 + random() * 40,
    glow: 0.45 + random() * 0.5,
  }));
  return { hue, otherHue, beams, moon: { x: 90 + random() * 220, y: 92 + random() * 40, r: 34 + random() * 34 } };
}

/** Numbers between 0 and 1 that a seed always gives again: a linear congruence, of which only the high bits are used. */
function numbersFrom(seed: number): () => number {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
