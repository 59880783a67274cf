import type { AdminKey, AdminKeyWithSecret, AdminRole } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { chip, faultOf, form, type FormValues, panel, sectionHead, taskButton, textField } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';

const ROLES = ['VIEWER', 'SCANNER', 'BOX_OFFICE', 'MANAGER', 'OWNER'] as const;
const CONCERT_IDS = /^\d{1,15}(\s*,\s*\d{1,15})*$/;

/** The API keys: create, see, revoke. */
export function keySection(context: OpsContext): readonly Child[] {
  const { state, t } = context;
  const { keys, newKey } = state.console.office;
  return [
    sectionHead(t.keys.title),
    newKey !== null && secretBox(newKey, context),
    faultOf(context, 'keys'),
    panel('create-key', t.keys.create, null, keyForm(context, keys?.length ?? 0)),
    keys === null && h('p', { class: 'soft' }, t.loading),
    keys?.length === 0 && h('p', { class: 'soft' }, t.keys.empty),
    keys !== null &&
      keys.length > 0 &&
      panel(
        'keys',
        t.keys.title,
        null,
        h(
          'ul',
          { class: 'rows' },
          keys.map((key) => keyRow(key, context)),
        ),
      ),
  ];
}

function secretBox({ secret, name }: AdminKeyWithSecret, { t, desks }: OpsContext): ElementNode {
  return h(
    'div',
    { key: 'secret', class: 'notice notice-accent' },
    h(
      'div',
      { class: 'notice-words' },
      h('p', { class: 'notice-title' }, name),
      h('p', {}, secret === null ? t.keys.lostSecret : t.keys.secret),
      secret !== null &&
        h(
          'div',
          { class: 'secret' },
          h('code', { 'aria-label': t.keys.secretLabel, 'data-testid': 'secret' }, secret),
          h(
            'button',
            { type: 'button', class: 'button', on: { click: () => void desks.office.copySecret(secret) } },
            t.keys.copy,
          ),
        ),
    ),
  );
}

function keyForm(context: OpsContext, known: number): ElementNode {
  const { t, desks } = context;

  function submit(values: FormValues): void {
    const ids = values.text('concertIds');
    if (ids !== '' && !CONCERT_IDS.test(ids)) return desks.refuse('key', (words) => words.keys.badConcerts);
    const expires = values.text('expiresAt');
    void desks.office.createKey({
      name: values.text('name'),
      role: values.text('role') as AdminRole,
      ...(ids === '' ? {} : { concertIds: ids.split(',').map(Number) }),
      ...(expires === '' ? {} : { expiresAt: new Date(expires).toISOString() }),
    });
  }

  return form(
    // A new form after each key.
    `key ${known}`,
    submit,
    h(
      'div',
      { class: 'fields' },
      textField('key', {
        label: t.keys.name,
        name: 'name',
        hint: t.keys.nameHint,
        attributes: { required: true, maxlength: 100 },
      }),
      h(
        'div',
        { class: 'field' },
        h('label', { class: 'field-label', for: 'key-role' }, t.keys.role),
        h(
          'select',
          { id: 'key-role', name: 'role', class: 'field-input', required: true },
          h('option', { key: '', value: '' }, t.keys.chooseRole),
          ROLES.map((role) => h('option', { key: role, value: role }, `${t.roles[role]}: ${t.keys.roleMay[role]}`)),
        ),
      ),
      textField('key', { label: `${t.keys.concerts} (${t.optional})`, name: 'concertIds', hint: t.keys.concertsHint }),
      textField('key', {
        label: `${t.keys.expires} (${t.optional})`,
        name: 'expiresAt',
        attributes: { type: 'datetime-local' },
      }),
    ),
    faultOf(context, 'key'),
    h('div', { class: 'button-row' }, taskButton(context, 'key', t.keys.create, { look: 'button-primary' })),
  );
}

function keyRow(key: AdminKey, context: OpsContext): ElementNode {
  const { t, format, desks, nowMs } = context;
  const { keyId, name, role, concertIds, expiresAt, lastUsedAt, revokedAt } = key;
  const hasExpired = expiresAt !== null && Date.parse(expiresAt) <= nowMs();
  const words = [
    t.roles[role],
    concertIds !== null && t.keys.onlyConcerts(concertIds.join(', ')),
    lastUsedAt === null ? t.keys.unused : t.keys.lastUsed(format.moment(lastUsedAt)),
    expiresAt !== null && !hasExpired && t.keys.expiresAt(format.moment(expiresAt)),
  ].filter((part) => part !== false);
  return h(
    'li',
    { key: keyId, class: 'row', 'data-key': keyId },
    h(
      'div',
      { class: 'row-words' },
      h('h3', { class: 'row-title' }, name),
      h('p', { class: 'soft small' }, words.join(' · ')),
    ),
    revokedAt !== null
      ? chip(t.keys.revoked, 'danger')
      : hasExpired
        ? chip(t.keys.expired)
        : chip(t.keys.active, 'good'),
    revokedAt === null &&
      h(
        'div',
        { class: 'row-actions' },
        taskButton(context, 'revoke', t.keys.revoke, {
          look: 'button-quiet',
          label: `${t.keys.revoke}: ${name}`,
          press: () => desks.office.revokeKey(key),
        }),
      ),
  );
}
