import { type Child, h } from '../../view/node.ts';
import { may } from '../console-state.ts';
import { faultOf, taskButton } from './console-parts.ts';
import type { OpsContext } from './ops-context.ts';

/** How far the refunds of a cancellation are. */
export function cancellationBar(cancellationId: string, context: OpsContext): Child {
  const { state, t, format, desks } = context;
  const cancellation = state.console.cancellations.get(cancellationId);
  if (cancellation === undefined) return null;
  const { payments, refunded, parked } = cancellation;
  const words = t.cancelling.progress(format.number(refunded), format.number(payments));
  return h(
    'div',
    { key: 'cancellation', class: 'cancellation stack-tight small' },
    payments > 0 &&
      h('progress', { class: 'progress', max: payments, value: String(refunded + parked.length), 'aria-label': words }),
    h(
      'p',
      { role: 'status' },
      words,
      parked.length > 0 && ` · ${t.cancelling.parked(format.number(parked.length))}`,
      cancellation.state === 'DONE' && parked.length === 0 && ` · ${t.cancelling.finished}`,
    ),
    parked.length > 0 && [
      h(
        'ul',
        { class: 'fault-lines' },
        parked.map(({ paymentId, userId, amount, code }) =>
          h(
            'li',
            { key: paymentId },
            may(state.console, 'BOX_OFFICE')
              ? h('a', { href: `#/buyers/${userId}` }, format.money(amount))
              : format.money(amount),
            ` · ${code}`,
          ),
        ),
      ),
      cancellation.state === 'DONE' &&
        may(state.console, 'MANAGER') &&
        taskButton(context, `again ${cancellationId}`, t.cancelling.again, {
          press: () => void desks.cancellations.again(cancellation),
        }),
    ],
    faultOf(context, `again ${cancellationId}`),
  );
}
