import type { SeatPlanVersion } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { hashOf } from '../console-route.ts';
import { isUnlimited, may } from '../console-state.ts';
import { faultOf, form, link, panel, sectionHead, taskButton, textField } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';
import { LEVEL_COLOURS, planDrawing, seatsByLevel } from './plan-drawing.ts';

const mayImport = ({ state }: OpsContext): boolean => may(state.console, 'MANAGER') && isUnlimited(state.console);

export function planList(context: OpsContext): readonly Child[] {
  const { state, t, format } = context;
  const { plans } = state.console.planning;
  return [
    sectionHead(
      t.plans.title,
      mayImport(context) &&
        link(hashOf({ section: 'plans', planId: 'new' }), t.plans.import, { class: 'button button-primary' }),
    ),
    faultOf(context, 'plans'),
    plans === null && h('p', { class: 'soft' }, t.loading),
    plans?.length === 0 && h('p', { class: 'soft' }, t.plans.empty),
    h(
      'ul',
      { class: 'cards' },
      (plans ?? []).map(({ planId, name, versions }) =>
        h(
          'li',
          { key: planId, class: 'card' },
          h('h2', { class: 'card-title' }, h('a', { href: hashOf({ section: 'plans', planId }) }, name)),
          h(
            'p',
            { class: 'soft small' },
            `${t.plans.seats(format.number(versions.at(-1)?.totalSeats ?? 0))} · ${t.plans.versions(format.number(versions.length))}`,
          ),
        ),
      ),
    ),
  ];
}

export function newPlan(context: OpsContext): readonly Child[] {
  const { t } = context;
  return [
    h('a', { key: 'back', class: 'back-link', href: '#/plans' }, t.plans.title),
    sectionHead(t.plans.importTitle),
    panel('import', t.plans.import, null, importForm(context)),
  ];
}

export function planPage(context: OpsContext): readonly Child[] {
  const { state, t, format } = context;
  const { plan } = state.console.planning;
  const back = h('a', { key: 'back', class: 'back-link', href: '#/plans' }, t.plans.title);
  if (plan === null) return [back, sectionHead(t.plans.title), h('p', { class: 'soft' }, t.loading)];
  if (plan === 'missing') return [back, sectionHead(t.plans.missing)];
  return [
    back,
    sectionHead(
      plan.name,
      h(
        'span',
        { class: 'soft' },
        `${t.plans.version(String(plan.version))} · ${t.plans.seats(format.number(plan.totalSeats))}`,
      ),
    ),
    panel(
      'drawing',
      t.plans.levels,
      null,
      levelLegend(plan, context),
      drawPlan(plan, context),
      sectionTable(plan, context),
    ),
    mayImport(context) &&
      panel(
        'import',
        t.plans.newVersion,
        null,
        h('p', { class: 'soft small' }, t.plans.newVersionHint),
        importForm(context, plan),
      ),
  ];
}

/** Draws a plan; levels without a price are outlines. */
export function drawPlan(
  { name, sections, levels, totalSeats }: Pick<SeatPlanVersion, 'name' | 'sections' | 'levels' | 'totalSeats'>,
  { t, format }: OpsContext,
  unpriced?: ReadonlySet<string>,
): ElementNode {
  return planDrawing({
    sections,
    levels: levels.map((level) => level.name),
    ...(unpriced === undefined ? {} : { unpriced }),
    label: t.plans.drawing(name, format.number(totalSeats), format.number(sections.length)),
    stage: t.plans.stage,
  });
}

function levelLegend({ levels, sections }: SeatPlanVersion, { t, format }: OpsContext): ElementNode {
  const counts = seatsByLevel(sections);
  return h(
    'ul',
    { class: 'level-legend small' },
    levels.map(({ name }, index) =>
      h('li', { key: name }, levelSwatch(index), t.plans.levelSeats(name, format.number(counts.get(name) ?? 0))),
    ),
  );
}

export function levelSwatch(index: number): ElementNode {
  return h('span', { class: `level-swatch level-${index % LEVEL_COLOURS}`, 'aria-hidden': true });
}

function sectionTable({ sections }: SeatPlanVersion, { t, format }: OpsContext): ElementNode {
  return h(
    'div',
    { class: 'table-frame', role: 'group', 'aria-label': t.plans.section, tabindex: 0 },
    h(
      'table',
      { class: 'table small' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, t.plans.section),
          h('th', { scope: 'col', class: 'number' }, t.plans.rows),
          h('th', { scope: 'col', class: 'number' }, t.dates.seats),
        ),
      ),
      h(
        'tbody',
        {},
        sections.map(({ name, rows }) =>
          h(
            'tr',
            { key: name },
            h('th', { scope: 'row' }, name),
            h('td', { class: 'number' }, format.number(rows.length)),
            h('td', { class: 'number' }, format.number(rows.reduce((sum, { seats }) => sum + seats.length, 0))),
          ),
        ),
      ),
    ),
  );
}

function importForm(context: OpsContext, plan: SeatPlanVersion | null = null): ElementNode {
  const { t, desks } = context;

  /** The chosen file becomes the text, so that one sees and can mend what is sent. */
  async function takeFile({ currentTarget }: Event): Promise<void> {
    if (!(currentTarget instanceof HTMLInputElement)) return;
    const file = currentTarget.files?.[0];
    const { form: owner } = currentTarget;
    const text = owner?.elements.namedItem('text');
    const name = owner?.elements.namedItem('name');
    if (file === undefined || !(text instanceof HTMLTextAreaElement)) return;
    text.value = await file.text();
    const isTable = !text.value.trim().startsWith('{');
    if (isTable && name instanceof HTMLInputElement && name.value === '') name.value = file.name.replace(/\.\w+$/, '');
  }

  return form(
    `import ${plan?.planId ?? 'new'} ${plan?.version ?? 0}`,
    (values) => void desks.plans.import({ name: values.text('name'), text: values.text('text') }, plan?.planId),
    plan === null &&
      textField('plan', { label: t.plans.name, name: 'name', hint: t.plans.nameHint, attributes: { maxlength: 50 } }),
    h(
      'div',
      { class: 'field' },
      h('label', { class: 'field-label', for: 'plan-file' }, t.plans.file),
      h('input', {
        id: 'plan-file',
        class: 'field-input',
        type: 'file',
        accept: '.csv,.json,text/csv,application/json',
        on: { change: (event) => void takeFile(event) },
      }),
    ),
    h(
      'div',
      { class: 'field' },
      h('label', { class: 'field-label', for: 'plan-text' }, t.plans.text),
      h('textarea', {
        id: 'plan-text',
        name: 'text',
        class: 'field-input',
        rows: 8,
        spellcheck: 'false',
        'aria-describedby': 'plan-text-hint',
      }),
      h('p', { id: 'plan-text-hint', class: 'soft small' }, t.plans.csvHint),
    ),
    faultOf(context, 'import'),
    h(
      'div',
      { class: 'button-row' },
      taskButton(context, 'import', plan === null ? t.plans.import : t.plans.newVersion, { look: 'button-primary' }),
    ),
  );
}
