import t from 'tap';
import { judgeReadiness } from '../../src/health/readiness.ts';

const WELL = {
  isDatabaseConnected: true,
  isWriteRefused: false,
  isDraining: false,
  membership: [],
  room: { isDegraded: false },
} as const;

t.test('a node of which nothing is missing is ready', async (t) => {
  t.strictSame(judgeReadiness(WELL), { ready: true, reasons: [], degraded: [] });
});

t.test('every part that is missing is told, the database first', async (t) => {
  const verdict = judgeReadiness({
    isDatabaseConnected: false,
    isWriteRefused: true,
    isDraining: true,
    membership: ['not a member of the cluster'],
    room: null,
  });
  t.strictSame(verdict, {
    ready: false,
    reasons: ['database', 'draining', 'not a member of the cluster'],
    degraded: [],
  });
});

t.test('a database that refuses writes makes a node not ready, whatever else is well', async (t) => {
  t.strictSame(judgeReadiness({ ...WELL, isWriteRefused: true }), {
    ready: false,
    reasons: ['the database refuses writes'],
    degraded: [],
  });
});

t.test('a waiting room that is not open is told where all else is well', async (t) => {
  t.strictSame(judgeReadiness({ ...WELL, room: null }), {
    ready: false,
    reasons: ['the waiting room is not open yet'],
    degraded: [],
  });
});

t.test('a waiting room that does without Redis is degraded, and the node serves all the same', async (t) => {
  t.strictSame(judgeReadiness({ ...WELL, room: { isDegraded: true } }), {
    ready: true,
    reasons: [],
    degraded: ['queue'],
  });
  const draining = judgeReadiness({ ...WELL, isDraining: true, room: { isDegraded: true } });
  t.strictSame(draining, { ready: false, reasons: ['draining'], degraded: ['queue'] });
});
