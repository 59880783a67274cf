import type { AdminConcert, AdminSchedule, SchedulePlan } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { priceRanges } from '../price-ranges.ts';
import { instantOf, wallTimeOf } from '../zoned-time.ts';
import type { DateDraft } from '../desks/catalogue-desk.ts';
import { faultOf, form, type FormValues, taskButton, textField } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';
import { seatsByLevel } from './plan-drawing.ts';
import { planMove } from './plan-move.ts';
import { drawPlan, levelSwatch } from './plan-section.ts';

const PRICE = { type: 'number', inputmode: 'numeric', min: 0, max: 100_000_000, step: 1, required: true } as const;

interface Times {
  readonly startsAt: string;
  readonly endsAt: string | null;
  readonly reservationOpensAt: string | null;
}

/** The form of a new date. */
export function newDate(concert: AdminConcert, context: OpsContext): ElementNode {
  const { state, t, desks } = context;
  const { draft } = state.console.catalogue;

  function submit(values: FormValues): void {
    const times = readTimes(values, concert.timeZone);
    if (times === null) return desks.refuse('date', (words) => words.concerts.badTime);
    const { startsAt, endsAt, reservationOpensAt } = times;
    void desks.catalogue.addDate(concert.concertId, {
      startsAt,
      ...(endsAt === null ? {} : { endsAt }),
      ...(reservationOpensAt === null ? {} : { reservationOpensAt }),
      ...(draft === null
        ? { seatCount: values.number('seatCount') ?? 0, price: values.number('price') ?? 0 }
        : { planId: draft.plan.planId, levels: [...draft.prices].map(([name, price]) => ({ name, price })) }),
    });
  }

  return form(
    'new-date',
    submit,
    h('h3', {}, t.dates.add),
    timeFields(concert, null, context),
    planChoice(context, draft),
    draft === null ? countFields(context) : levelPrices(context, draft),
    faultOf(context, 'date'),
    buttons(context, 'date', t.dates.add),
  );
}

/** Chooses between a plan and a number of seats. */
function planChoice({ state, t, format, desks }: OpsContext, draft: DateDraft | null): ElementNode {
  return h(
    'div',
    { class: 'field' },
    h('label', { class: 'field-label', for: 'date-plan' }, t.dates.plan),
    h(
      'select',
      {
        id: 'date-plan',
        class: 'field-input',
        value: String(draft?.plan.planId ?? ''),
        on: {
          change: ({ target }) => {
            if (target instanceof HTMLSelectElement)
              void desks.catalogue.choosePlan(target.value === '' ? null : Number(target.value));
          },
        },
      },
      h('option', { key: '', value: '' }, t.dates.byCount),
      (state.console.planning.plans ?? []).map(({ planId, name, versions }) =>
        h(
          'option',
          { key: planId, value: String(planId) },
          `${name} · ${t.plans.seats(format.number(versions.at(-1)?.totalSeats ?? 0))}`,
        ),
      ),
    ),
  );
}

function countFields({ t }: OpsContext): ElementNode {
  return h(
    'div',
    { key: 'count', class: 'fields' },
    textField('date', {
      label: t.dates.count,
      name: 'seatCount',
      value: '50',
      attributes: { type: 'number', inputmode: 'numeric', min: 1, max: 500, required: true },
    }),
    textField('date', { label: t.dates.price, name: 'price', attributes: PRICE }),
  );
}

/** The levels of a plan, each in its colour; seats without a price are outlines. */
function levelPrices(context: OpsContext, { plan, prices }: DateDraft): ElementNode {
  const { t, format, desks } = context;
  const counts = seatsByLevel(plan.sections);
  const unpriced = new Set(plan.levels.map(({ name }) => name).filter((name) => !prices.has(name)));
  const seats = [...unpriced].reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
  return h(
    'div',
    { key: `plan ${plan.planId}`, class: 'stack' },
    h(
      'div',
      { class: 'fields' },
      plan.levels.map(({ name }, index) =>
        h(
          'div',
          { key: name, class: 'level-price' },
          levelSwatch(index),
          textField('level', {
            label: t.dates.priceOf(name),
            name: `level-${index}`,
            hint: t.plans.seats(format.number(counts.get(name) ?? 0)),
            attributes: {
              ...PRICE,
              on: {
                input: ({ target }) => {
                  if (!(target instanceof HTMLInputElement)) return;
                  const price = target.value === '' || !target.validity.valid ? null : Number(target.value);
                  desks.catalogue.priceLevel(name, price);
                },
              },
            },
          }),
        ),
      ),
    ),
    h(
      'p',
      { class: `small ${seats === 0 ? 'soft' : 'field-fault'}`, role: 'status' },
      seats === 0 ? t.dates.allPriced : t.dates.unpriced(format.number(seats)),
    ),
    drawPlan(plan, context, unpriced),
  );
}

/** The forms of an existing date: its times, and its prices. */
export function changedDate(concert: AdminConcert, schedule: AdminSchedule, context: OpsContext): ElementNode {
  const { state, t, desks } = context;
  const { concertId, timeZone } = concert;
  const { scheduleId, version } = schedule;
  const plan = state.console.catalogue.datePlan;

  function submit(values: FormValues): void {
    const times = readTimes(values, timeZone);
    if (times === null) return desks.refuse('date', (words) => words.concerts.badTime);
    void desks.catalogue.saveDate(concertId, scheduleId, times);
  }

  return h(
    'div',
    { key: 'form', class: 'row-form stack' },
    form(
      `times ${version}`,
      submit,
      timeFields(concert, schedule, context),
      faultOf(context, 'date'),
      buttons(context, 'date', t.save),
    ),
    plan !== null && plan.scheduleId === scheduleId && pricesForm(concertId, plan, context),
    planMove(concert, schedule, context),
  );
}

function pricesForm(concertId: number, plan: SchedulePlan, context: OpsContext): ElementNode {
  const { t, desks } = context;
  return form(
    `prices ${plan.scheduleId}`,
    (values) => {
      const prices = new Map(plan.levels.map(({ name }, index) => [name, values.number(`level-${index}`) ?? 0]));
      void desks.catalogue.savePrices(concertId, plan.scheduleId, priceRanges(plan, prices));
    },
    h('h3', {}, t.dates.prices),
    h(
      'div',
      { class: 'fields' },
      plan.levels.map(({ name, price }, index) =>
        textField('prices', {
          label: plan.planId === null ? t.dates.price : t.dates.priceOf(name),
          name: `level-${index}`,
          value: String(price),
          attributes: PRICE,
        }),
      ),
    ),
    faultOf(context, 'prices'),
    h('div', { class: 'button-row' }, taskButton(context, 'prices', t.save, { look: 'button-primary' })),
  );
}

function buttons(context: OpsContext, task: string, name: string): Child {
  const { t, desks } = context;
  return h(
    'div',
    { class: 'button-row' },
    taskButton(context, task, name, { look: 'button-primary' }),
    h(
      'button',
      { type: 'button', class: 'button button-quiet', on: { click: () => void desks.catalogue.editDate(null) } },
      t.cancel,
    ),
  );
}

function timeFields({ timeZone }: AdminConcert, schedule: AdminSchedule | null, { t }: OpsContext): ElementNode {
  const time = (iso: string | null | undefined) => (iso == null ? '' : wallTimeOf(iso, timeZone));
  const field = (name: keyof Times, label: string, required: boolean) =>
    textField('date', {
      label: required ? label : `${label} (${t.optional})`,
      name,
      value: time(schedule?.[name]),
      attributes: { type: 'datetime-local', required },
    });
  return h(
    'div',
    { class: 'stack-tight' },
    h(
      'div',
      { class: 'fields' },
      field('startsAt', t.dates.starts, true),
      field('endsAt', t.dates.ends, false),
      field('reservationOpensAt', t.dates.opens, false),
    ),
    h('p', { class: 'soft small' }, t.concerts.zoneHint(timeZone)),
  );
}

function readTimes(values: FormValues, timeZone: string): Times | null {
  const startsAt = instantOf(values.text('startsAt'), timeZone);
  if (startsAt === null) return null;
  const time = (name: string): string | null => instantOf(values.text(name), timeZone);
  return { startsAt, endsAt: time('endsAt'), reservationOpensAt: time('reservationOpensAt') };
}
