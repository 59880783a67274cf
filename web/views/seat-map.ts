import { type ElementNode, h } from '../view/node.ts';
import { centreOn, makeZoom, zoomIn, zoomOut, zoomToWhole } from '../view/zoom.ts';
import { icon, type IconName } from './icon.ts';
import { type HallDrawing, seatGrid } from './seat-grid.ts';
import { sectionMap } from './section-map.ts';
import type { ViewContext } from './view-context.ts';

/** The stage and the seats, which one scrolls and zooms. */
export function seatMap(context: ViewContext, drawing: HallDrawing): ElementNode {
  const { hall, plan } = drawing;
  const { width, depth, isDrawn, sections } = plan;
  function open(port: Element): void {
    makeZoom(port, sections.length > 1 ? 'overview' : 'parts');
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
        {
          class: isDrawn ? 'hall-floor hall-drawn' : 'hall-floor',
          vars: { '--width': Number(width.toFixed(3)), '--depth': depth.toFixed(3) },
        },
        h(
          'div',
          { class: 'stage', 'aria-hidden': true, 'data-unscaled': isDrawn },
          h('span', {}, context.t.hall.stage),
        ),
        h('div', { class: 'seat-floor' }, sectionMap(context, drawing), seatGrid(context, drawing)),
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
