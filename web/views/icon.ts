import { h, type ElementNode } from '../view/node.ts';

/** Line drawings in the text's colour, in a square of 24. They carry no meaning of their own: each has words beside it. */
const PATHS = {
  ticket: 'M4 7h16v3.5a1.5 1.5 0 0 0 0 3V17H4v-3.5a1.5 1.5 0 0 0 0-3zM14 7v2m0 3v0m0 3v2',
  wallet: 'M4 8.5V18h16V8.5H5.5A1.5 1.5 0 0 1 5.5 5.5H17v3M16 13.2h.01',
  sun: 'M12 8.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6M12 3v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4',
  moon: 'M19.5 14.3A8 8 0 0 1 9.7 4.5a8 8 0 1 0 9.8 9.8',
  check: 'm5 12.5 4.6 4.6L19 7.6',
  warning: 'M12 8.5v5m0 3.2v.1M12 3.6 21.2 20H2.8z',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16m0 4v4.3l2.8 1.7',
  close: 'm6.5 6.5 11 11m0-11-11 11',
  back: 'M14.5 5.5 8 12l6.5 6.5',
  forward: 'M9.5 5.5 16 12l-6.5 6.5',
  print: 'M7.5 9V4.5h9V9M7.5 16.5H5V10h14v6.5h-2.5m-9-2.5h9v5.5h-9z',
  line: 'M6 17.5a1.6 1.6 0 1 0 0 .1m6-5.6a1.6 1.6 0 1 0 0 .1m6-5.6a1.6 1.6 0 1 0 0 .1',
  plus: 'M12 5.5v13M5.5 12h13',
  minus: 'M5.5 12h13',
  whole: 'M5 9V5h4m6 0h4v4m0 6v4h-4m-6 0H5v-4',
  calendar: 'M5 6.5h14V19H5zM5 10.5h14M8.5 4v4m7-4v4',
  wheelchair: 'M10 4.6a1 1 0 1 0 0 .1M10 8v6h5l2.5 5M14.5 10.5H10M8 11.5a4.8 4.8 0 1 0 6.3 6',
  companion: 'M12 19.5S4.5 15 4.5 9.7A3.7 3.7 0 0 1 12 8.4a3.7 3.7 0 0 1 7.5 1.3c0 5.3-7.5 9.8-7.5 9.8',
  seat: 'M7 11V6.5A1.5 1.5 0 0 1 8.5 5h7A1.5 1.5 0 0 1 17 6.5V11M5 10.5V16h14v-5.5M6.5 16v3m11-3v3',
  place: 'M12 20.5s6-5.6 6-10.3a6 6 0 0 0-12 0c0 4.7 6 10.3 6 10.3m0-8.3a2 2 0 1 0 0-4 2 2 0 0 0 0 4',
  device:
    'M8 3.5h8a1.5 1.5 0 0 1 1.5 1.5v14a1.5 1.5 0 0 1-1.5 1.5H8A1.5 1.5 0 0 1 6.5 19V5A1.5 1.5 0 0 1 8 3.5M11 17.5h2',
  signal: 'M4.5 10a11 11 0 0 1 15 0M7.5 13.4a6.6 6.6 0 0 1 9 0M12 17.6v.1',
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName, className = ''): ElementNode {
  return h(
    'svg',
    { class: `icon ${className}`, viewBox: '0 0 24 24', 'aria-hidden': true, focusable: 'false' },
    h('path', {
      d: PATHS[name],
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': 1.8,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
    }),
  );
}
