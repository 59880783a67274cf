import { type Child, type ElementNode, h } from '../view/node.ts';

const WIDTH = 400;
const HEIGHT = 260;
const FLOOR = 214;
const BEAMS = 5;
/** Pairs of hues, in degrees, that match; the hues between other pairs look muddy. */
const HUES: readonly (readonly [number, number])[] = [
  [38, 338],
  [268, 322],
  [196, 256],
  [14, 48],
  [158, 204],
  [330, 276],
];

/** The lights at the back of the stage. */
const GLOWS = [disc, rings, blinds, stars] as const;

/** A generated picture for a concert: the same concert always gets the same one. */
export function poster(concertId: number): ElementNode {
  const random = numbersFrom(concertId);
  const [hue, otherHue] = HUES[(concertId - 1) % HUES.length] ?? [38, 338];
  const glow = GLOWS[(concertId - 1) % GLOWS.length] ?? disc;
  const id = `poster-${concertId}`;
  const beams = Array.from({ length: BEAMS }, (_, index) => {
    const x = ((index + 0.5) * WIDTH) / BEAMS + (random() - 0.5) * 30;
    const foot = x + (random() - 0.5) * 220;
    const spread = 24 + random() * 38;
    return h('polygon', {
      points: `${x - 3},-10 ${x + 3},-10 ${foot + spread},${HEIGHT} ${foot - spread},${HEIGHT}`,
      fill: `url(#${id}-${index % 2 === 0 ? 'beam' : 'other'})`,
      opacity: 0.4 + random() * 0.5,
    });
  });
  return h(
    'svg',
    { class: 'poster', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': true },
    h(
      'defs',
      {},
      gradient(`${id}-sky`, [
        [0, `hsl(${otherHue} 55% 10%)`, 1],
        [1, `hsl(${hue} 70% 24%)`, 1],
      ]),
      gradient(`${id}-beam`, [
        [0, `hsl(${hue} 100% 80%)`, 0.75],
        [1, `hsl(${hue} 100% 62%)`, 0],
      ]),
      gradient(`${id}-other`, [
        [0, `hsl(${otherHue} 95% 80%)`, 0.6],
        [1, `hsl(${otherHue} 95% 60%)`, 0],
      ]),
    ),
    h('rect', { width: WIDTH, height: HEIGHT, fill: `url(#${id}-sky)` }),
    h('g', { fill: `hsl(${hue} 92% 70%)`, stroke: `hsl(${hue} 92% 70%)` }, glow(random)),
    beams,
    h('rect', { y: FLOOR, width: WIDTH, height: HEIGHT - FLOOR, fill: `hsl(${otherHue} 50% 6%)` }),
    heads(random, `hsl(${otherHue} 50% 6%)`),
  );
}

function disc(random: () => number): Child {
  const [cx, cy, r] = [150 + random() * 110, 108 + random() * 20, 42 + random() * 18];
  return [1.9, 1.45, 1].map((times) =>
    h('circle', { cx, cy, r: r * times, stroke: 'none', opacity: times === 1 ? 0.95 : 0.14 }),
  );
}

function rings(random: () => number): Child {
  const [cx, cy] = [150 + random() * 100, 112];
  return [18, 36, 56, 78, 102].map((r, index) =>
    h('circle', {
      cx,
      cy,
      r,
      fill: index === 0 ? null : 'none',
      'stroke-width': 5 - index * 0.7,
      opacity: 0.95 - index * 0.17,
    }),
  );
}

/** A setting sun behind blinds. */
function blinds(random: () => number): Child {
  const [cx, cy, r] = [160 + random() * 80, 118, 74];
  return Array.from({ length: 11 }, (_, index) => {
    const y = cy - r + 6 + index * 13;
    const half = Math.sqrt(Math.max(0, r ** 2 - (y + 3 - cy) ** 2));
    const height = 11 - index * 0.75;
    return h('rect', { x: cx - half, y, width: half * 2, height, rx: 3, stroke: 'none', opacity: 0.95 - index * 0.05 });
  });
}

function stars(random: () => number): Child {
  const moon = h('circle', { cx: 118 + random() * 160, cy: 92, r: 30, stroke: 'none', opacity: 0.95 });
  const others = Array.from({ length: 46 }, () =>
    h('circle', {
      cx: random() * WIDTH,
      cy: random() * FLOOR,
      r: 0.8 + random() * 2.2,
      stroke: 'none',
      opacity: 0.25 + random() * 0.65,
    }),
  );
  return [moon, others];
}

/** The audience, from behind. */
function heads(random: () => number, fill: string): ElementNode {
  const circles = Array.from({ length: 27 }, (_, index) => {
    const r = 8 + random() * 5;
    return h('circle', { cx: index * 15.5 + random() * 6, cy: FLOOR + 5 - random() * 10, r, fill });
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

/** Numbers between 0 and 1 that depend only on the seed: a linear congruential generator, of which only the high bits are used. */
function numbersFrom(seed: number): () => number {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
