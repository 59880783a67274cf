import type { AdminLogEntry } from '../../../src/client/answers.ts';
import { type Child, type ElementNode, h } from '../../view/node.ts';
import { faultOf, panel, sectionHead, taskButton } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';

/** The changes by organisers, newest first. */
export function logSection(context: OpsContext): readonly Child[] {
  const { state, t, desks } = context;
  const { entries, entriesCursor } = state.console.office;
  return [
    sectionHead(t.log.title),
    faultOf(context, 'log'),
    entries === null && h('p', { class: 'soft' }, t.loading),
    entries?.length === 0 && h('p', { class: 'soft' }, t.log.empty),
    entries !== null &&
      entries.length > 0 &&
      panel(
        'log',
        t.log.title,
        null,
        h(
          'ul',
          { class: 'rows' },
          entries.map((entry) => logRow(entry, context)),
        ),
      ),
    entriesCursor !== null && taskButton(context, 'log', t.more, { press: () => void desks.office.openMoreOfLog() }),
  ];
}

function logRow(entry: AdminLogEntry, { state, t, format }: OpsContext): ElementNode {
  const { at, keyId, action, target, before, after, requestId } = entry;
  const key = state.console.office.keys?.find((one) => one.keyId === keyId);
  return h(
    'li',
    { key: `${requestId} ${target} ${action}`, class: 'row' },
    h(
      'div',
      { class: 'row-words' },
      h('h3', { class: 'row-title' }, h('code', {}, action), ' ', h('code', { class: 'soft' }, target)),
      h('p', { class: 'soft small' }, `${format.moment(at)} · ${keyId === 'root' ? t.log.root : (key?.name ?? keyId)}`),
    ),
    h(
      'details',
      { class: 'log-details small' },
      h('summary', {}, t.log.details),
      snapshot(t.log.before, before),
      snapshot(t.log.after, after),
      h('p', { class: 'soft' }, `${t.log.request} `, h('code', {}, requestId)),
    ),
  );
}

function snapshot(name: string, value: unknown): Child {
  if (value === null || value === undefined) return null;
  return h(
    'div',
    { key: name },
    h('h4', {}, name),
    h('pre', { tabindex: 0, role: 'region', 'aria-label': name }, JSON.stringify(value, null, 2)),
  );
}
