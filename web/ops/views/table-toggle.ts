import { type ElementNode, h } from '../../view/node.ts';

/** Switches between a drawing and its figures. */
export function tableToggle(isOn: boolean, name: string, toggle: () => void): ElementNode {
  return h(
    'button',
    { type: 'button', class: 'segment segment-alone', 'aria-pressed': isOn, on: { click: toggle } },
    name,
  );
}
