import t from 'tap';
import { english } from '../../../web/language/english.ts';
import { createFormat } from '../../../web/language/format.ts';
import { generatePlan } from '../../../src/domain/seat-plan.ts';
import { viewSections } from '../../../src/http/answers/seat-plan-views.ts';
import { placePlan } from '../../../web/state/seat-plan.ts';
import { sentenceOf } from '../../../web/language/notice-sentence.ts';

const f = createFormat('en', 'Asia/Seoul');
const sections = viewSections(generatePlan(Array<number>(20).fill(1_000)));
const plan = placePlan({ scheduleId: 7, planId: null, version: null, name: null, levels: [], sections });

function problem(code: string, members: Readonly<Record<string, unknown>> = {}, detail = 'The service says no.') {
  return sentenceOf({ kind: 'problem', code, detail, members }, english, f, plan);
}

t.test('a refusal is told in the service’s words, and what to do now in the page’s', async (t) => {
  t.same(problem('SEAT_LIMIT_REACHED'), {
    title: 'The service says no.',
    next: english.next.byCode.SEAT_LIMIT_REACHED,
  });
});

t.test('seats that were taken are named', async (t) => {
  t.match(problem('SEAT_TAKEN', { seatNumbers: [12, 3] }).next, /Row A, seat 3 and Row B, seat 2/);
});

t.test('of a balance that is too small, what is missing is named', async (t) => {
  t.match(problem('INSUFFICIENT_BALANCE', { amount: 3_000, balance: 1_000 }).next, /₩2,000/);
  t.equal(problem('INSUFFICIENT_BALANCE').next, null);
});

t.test('a code of a later service, or of a name that every object has, is told without a next step', async (t) => {
  t.equal(problem('SOMETHING_NEW').next, null);
  t.equal(problem('constructor').next, null);
  t.equal(problem('SOMETHING_NEW', {}, '').title, english.notice.failed);
});

t.test('where no block is left, the largest one is named; without any seat, other wishes are proposed', async (t) => {
  t.equal(problem('NO_BLOCK', { largestBlock: 3 }).next, english.next.noBlock('3'));
  t.equal(problem('NO_BLOCK', { largestBlock: 0 }).next, english.next.noSeat);
});

t.test('seats that would stay alone are named', async (t) => {
  t.match(problem('LEAVES_SINGLE_SEAT', { seatNumbers: [3], suggestions: [[1, 2]] }).next, /Row A, seat 3/);
});
