import type { AdminConcert } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import type { ConcertForm, Conflict } from '../desks/catalogue-desk.ts';
import { instantOf, wallTimeOf } from '../zoned-time.ts';
import { faultOf, form, type FormValues, panel, sectionHead, taskButton, textField } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';

const USUAL_ZONE = 'Asia/Seoul';
const TEXT_LIMIT = 200;

export function newConcert(context: OpsContext): readonly Child[] {
  const { t, desks } = context;
  return [
    sectionHead(t.concerts.createTitle),
    panel(
      'details',
      t.concerts.details,
      null,
      concertForm(context, null, (given) => void desks.catalogue.create(given)),
    ),
  ];
}

/** The form of a concert; `concert` null: a new one. */
export function concertForm(
  context: OpsContext,
  concert: AdminConcert | null,
  save: (given: ConcertForm) => void,
): ElementNode {
  const { t } = context;
  const { conflict } = context.state.console.catalogue;
  const zone = concert?.timeZone ?? USUAL_ZONE;
  const time = (iso: string | undefined) => (iso === undefined ? '' : wallTimeOf(iso, zone));
  const field = (name: keyof ConcertForm, label: string, value = '', attributes = {}) =>
    textField('concert', { label, name, value, attributes: { required: true, maxlength: TEXT_LIMIT, ...attributes } });

  function submit(values: FormValues): void {
    const timeZone = values.text('timeZone');
    // The form's own words, because the service would name a member of its request.
    const given = readForm(values, timeZone);
    if (given === null) context.desks.refuse('concert', (words) => words.concerts.badTime);
    else save(given);
  }

  return form(
    // Filled anew when its values change, and only then.
    ['concert', concert?.concertId, ...FIELDS.map((name) => concert?.[name])].join(' '),
    submit,
    h(
      'div',
      { class: 'fields' },
      field('title', t.concerts.fieldTitle, concert?.title),
      field('artist', t.concerts.fieldArtist, concert?.artist),
      field('venue', t.concerts.fieldVenue, concert?.venue),
      field('timeZone', t.concerts.fieldTimeZone, zone, { list: 'time-zones', spellcheck: 'false' }),
      field('bookingOpensAt', t.concerts.fieldOpens, time(concert?.bookingOpensAt), { type: 'datetime-local' }),
      field('bookingClosesAt', t.concerts.fieldCloses, time(concert?.bookingClosesAt), { type: 'datetime-local' }),
    ),
    h(
      'datalist',
      { id: 'time-zones' },
      Intl.supportedValuesOf('timeZone').map((name) => h('option', { key: name, value: name })),
    ),
    h('p', { class: 'soft small' }, t.concerts.zoneHint(zone)),
    conflict === null ? faultOf(context, 'concert') : conflictBox(context, conflict),
    conflict === null &&
      h(
        'div',
        { class: 'button-row' },
        taskButton(context, 'concert', concert === null ? t.concerts.create : t.save, { look: 'button-primary' }),
      ),
  );
}

/** Null where a time or the zone cannot be read. */
function readForm(values: FormValues, timeZone: string): ConcertForm | null {
  try {
    const bookingOpensAt = instantOf(values.text('bookingOpensAt'), timeZone);
    const bookingClosesAt = instantOf(values.text('bookingClosesAt'), timeZone);
    if (bookingOpensAt === null || bookingClosesAt === null) return null;
    const [title, artist, venue] = ['title', 'artist', 'venue'].map(values.text) as [string, string, string];
    return { title, artist, venue, timeZone, bookingOpensAt, bookingClosesAt };
  } catch {
    // Intl throws for a zone that it does not know.
    return null;
  }
}

/** What another organiser has changed, and the two ways on. */
function conflictBox(context: OpsContext, conflict: Conflict): ElementNode {
  const { t, desks } = context;
  const { base, theirs } = conflict;
  const changes = FIELDS.map((name) => ({ name, from: base[name], to: theirs[name] })).filter(
    ({ from, to }) => from !== to,
  );
  const show = (name: keyof ConcertForm, value: string): string =>
    name === 'bookingOpensAt' || name === 'bookingClosesAt'
      ? wallTimeOf(value, theirs.timeZone).replace('T', ' ')
      : value;
  return h(
    'div',
    { key: 'conflict', class: 'notice notice-danger', role: 'alert' },
    h(
      'div',
      { class: 'notice-words' },
      h('p', { class: 'notice-title' }, t.concerts.stale),
      h('p', {}, t.concerts.staleLead),
      h(
        'ul',
        { class: 'fault-lines small' },
        changes.map(({ name, from, to }) =>
          h('li', { key: name }, t.concerts.changedTo(labelOf(name, context), show(name, from), show(name, to))),
        ),
      ),
      h(
        'div',
        { class: 'button-row' },
        taskButton(context, 'concert', t.concerts.saveAnyway, {
          look: 'button-danger',
          press: () => void desks.catalogue.saveAnyway(conflict),
        }),
        taskButton(context, 'concert theirs', t.concerts.takeTheirs, {
          press: () => desks.catalogue.takeTheirs(conflict),
        }),
      ),
    ),
  );
}

const FIELDS = ['title', 'artist', 'venue', 'timeZone', 'bookingOpensAt', 'bookingClosesAt'] as const;

function labelOf(name: keyof ConcertForm, { t }: OpsContext): string {
  return {
    title: t.concerts.fieldTitle,
    artist: t.concerts.fieldArtist,
    venue: t.concerts.fieldVenue,
    timeZone: t.concerts.fieldTimeZone,
    bookingOpensAt: t.concerts.fieldOpens,
    bookingClosesAt: t.concerts.fieldCloses,
  }[name];
}
