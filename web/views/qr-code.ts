import { encode } from 'uqr';
import { type ElementNode, h } from '../view/node.ts';

/** Light modules around the code, without which a camera does not find it. */
const QUIET_ZONE = 4;

/** A QR code of the text, dark on light in both themes. */
export function qrCode(text: string, label: string): ElementNode {
  const { data, size } = encode(text, { ecc: 'L', border: QUIET_ZONE });
  return h(
    'svg',
    {
      class: 'qr-code',
      viewBox: `0 0 ${size} ${size}`,
      role: 'img',
      'aria-label': label,
      'shape-rendering': 'crispEdges',
    },
    h('rect', { width: size, height: size, fill: '#ffffff' }),
    h('path', { d: data.map(rowPath).join(''), fill: '#17141f' }),
  );
}

/** Each run of dark modules is one rectangle. */
function rowPath(row: readonly boolean[], y: number): string {
  let path = '';
  for (let x = 0; x < row.length; x += 1) {
    const start = x;
    while (row[x] === true) x += 1;
    if (x > start) path += `M${start} ${y}h${x - start}v1H${start}z`;
  }
  return path;
}
