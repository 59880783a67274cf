import { randomUUID } from 'node:crypto';
import t from 'tap';
import { bookingNumber } from '../../../web/language/booking-number.ts';

t.test('a booking number has eight signs that are not mistaken for each other, and is always the same', async (t) => {
  for (let turn = 0; turn < 1_000; turn += 1) {
    const paymentId = randomUUID();
    const number = bookingNumber(paymentId);
    t.match(number, /^FR-[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$/);
    if (number !== bookingNumber(paymentId)) t.fail(`${paymentId} has two numbers`);
  }
  t.equal(bookingNumber('01a23104-4049-77ea-bd72-984ac72a4892'), bookingNumber('ffffffff-ffff-7fff-8fff-984ac72a4892'));
});

t.test('payments of the same moment have different numbers', async (t) => {
  const numbers = new Set<string>();
  for (let count = 0; count < 10_000; count += 1) {
    numbers.add(bookingNumber(`01a23104-4049-77ea-bd72-${randomUUID().slice(-12)}`));
  }
  t.ok(numbers.size >= 9_999, `${numbers.size} different numbers`);
});
