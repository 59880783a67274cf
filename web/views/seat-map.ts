import type { Hall } from '../state/page-state.ts';
import { type ElementNode, h } from '../view/node.ts';
import { centreOn, makeZoom, zoomIn, zoomOut, zoomToWhole } from '../view/zoom.ts';
import { icon, type IconName } from './icon.ts';
import { seatGrid } from './seat-grid.ts';
import type { ViewContext } from './view-context.ts';

/** The stage and the seats, which one scrolls and zooms. */
export function seatMap(context: ViewContext, hall: Hall, own: ReadonlySet<number>): ElementNode {
  const { width, depth } = hall.plan;
  function open(port: Element): void {
    makeZoom(port);
    // A fan who comes back finds the seats where they were chosen.
    if (hall.cursor !== null) centreOn(port, port.querySelector(`[data-seat="${hall.cursor}"]`));
  }
  return h(
    'div',
    { key: hall.scheduleId, class: 'hall-scroll', tabindex: -1, placed: open },
    h(
      'div',
      { class: 'hall-sizer' },
      h(
        'div',
        { class: 'hall-floor', vars: { '--width': width, '--depth': depth.toFixed(3) } },
        h('div', { class: 'stage', 'aria-hidden': true }, h('span', {}, context.t.hall.stage)),
        seatGrid(context, hall, own),
      ),
    ),
  );
}

/** The buttons for what fingers, wheels and the keys + − 0 do. */
export function zoomButtons({ t }: ViewContext): ElementNode {
  return h(
    'div',
    { class: 'zoom-buttons', role: 'group', 'aria-label': t.hall.zoom },
    zoomButton('minus', t.hall.zoomOut, zoomOut),
    zoomButton('plus', t.hall.zoomIn, zoomIn),
    zoomButton('whole', t.hall.zoomWhole, zoomToWhole),
  );
}

function zoomButton(sign: IconName, label: string, run: (port: Element | null) => void): ElementNode {
  return h(
    'button',
    {
      key: sign,
      type: 'button',
      class: 'button button-icon',
      'aria-label': label,
      title: label,
      on: { click: () => run(document.querySelector('.hall-scroll')) },
    },
    icon(sign),
  );
}
