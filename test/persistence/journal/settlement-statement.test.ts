import t from 'tap';
import type { SettlementBatch } from '../../../src/actors/journal-port.ts';
import { settlementStatement } from '../../../src/persistence/journal/settlement-statement.ts';

const batch: SettlementBatch = {
  scheduleId: 1,
  concertId: 1,
  epoch: 1,
  baseSeq: 0,
  batchId: '00000000-0000-7000-8000-000000000003',
  settlements: [
    {
      kind: 'PAYMENT',
      paymentId: '00000000-0000-7000-8000-000000000004',
      userId: '00000000-0000-7000-8000-000000000002',
      amount: 1_000,
      at: 1_000,
      items: [{ reservationId: '00000000-0000-7000-8000-000000000001', seatNumber: 1 }],
      key: null,
      balanceLimit: null,
      act: null,
    },
  ],
  unsoldSeats: null,
};

t.test('the step of a sell-out is in a statement only where a schedule may sell out by it', async (t) => {
  const plain = settlementStatement([batch, { ...batch, scheduleId: 2 }], 'last-hold');
  const last = settlementStatement([batch, { ...batch, scheduleId: 2, unsoldSeats: 1 }], 'last-hold');
  t.notMatch(plain.text, /sold_out/, 'a plain payment costs what it did');
  t.match(last.text, /INSERT INTO sold_out_schedules/);
  t.not(plain.name, last.name, 'the server keeps both prepared');
  for (const { text, values } of [plain, last]) {
    t.equal(new Set(text.match(/\$\d+/g)).size, values.length);
  }
  t.same(last.values.slice(-2), [[2], [1]]);
});
