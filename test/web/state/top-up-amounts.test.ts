import t from 'tap';
import { amountsFor, isChargeable } from '../../../web/state/top-up-amounts.ts';

t.test('round amounts are offered that cover what is missing', async (t) => {
  t.same(amountsFor(264_000), [500_000]);
  t.same(amountsFor(1), [50_000, 100_000, 200_000, 500_000]);
  t.same(amountsFor(50_000), [100_000, 200_000, 500_000]);
  t.same(amountsFor(2_000_000), []);
});

t.test('nothing is offered that the service would refuse', async (t) => {
  for (const amount of [...amountsFor(null), ...amountsFor(123)]) t.ok(isChargeable(amount), String(amount));
  for (const amount of [0, -1, 1.5, Number.NaN, 10_000_001]) t.notOk(isChargeable(amount), String(amount));
});
