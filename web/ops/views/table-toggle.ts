import { type ElementNode, h } from '../../view/node.ts';

/** Puts figures in place of a drawing, and back. */
export function tableToggle(isOn: boolean, name: string, toggle: () => void): ElementNode {
  return h(
    'button',
    { type: 'button', class: 'segment segment-alone', 'aria-pressed': isOn, on: { click: toggle } },
    name,
  );
}
