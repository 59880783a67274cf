import { type Child, h } from '../view/node.ts';
import { icon } from './icon.ts';
import type { ViewContext } from './view-context.ts';

/** Says when the shown data may be out of date, and when it is current again. */
export function connectionBanner({ state, t }: ViewContext): Child {
  if (state.isOffline) return banner('offline', t.connection.offline);
  switch (state.connection) {
    case 'reconnecting':
      return banner('reconnecting', t.connection.reconnecting);
    case 'polling':
      return banner('polling', t.connection.polling);
    case 'restored':
      return banner('restored', t.connection.restored);
    case 'none':
    case 'connecting':
    case 'live':
      return null;
  }
}

function banner(kind: string, words: string): Child {
  return h(
    'p',
    { key: kind, class: `connection connection-${kind}`, 'data-testid': `connection-${kind}` },
    icon(kind === 'restored' ? 'check' : 'signal'),
    words,
  );
}
