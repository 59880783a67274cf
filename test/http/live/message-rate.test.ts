import t from 'tap';
import { MessageRate } from '../../../src/http/live/message-rate.ts';

t.test('a minute takes as many messages as it may, wherever it begins', async (t) => {
  const rate = new MessageRate(0);
  for (let sent = 0; sent < 120; sent += 1) t.ok(rate.admit(59_000, 120));
  t.notOk(rate.admit(59_999, 120));
  t.notOk(rate.admit(60_100, 120), 'a new minute does not begin with an empty slate');
  let admitted = 0;
  while (rate.admit(90_000, 120)) admitted += 1;
  t.equal(admitted, 60, 'half of the last minute still counts');
  t.ok(rate.admit(240_000, 120), 'what is long ago is forgotten');
});

t.test('without a limit everything is taken', async (t) => {
  const rate = new MessageRate(0);
  for (let sent = 0; sent < 10_000; sent += 1) if (!rate.admit(0, 0)) t.fail('refused');
});
