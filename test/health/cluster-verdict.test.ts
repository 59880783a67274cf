import t from 'tap';
import { judgeCluster, type NodeStanding, stateOfAnswering } from '../../src/health/cluster-verdict.ts';
import type { HealthReason } from '../../src/health/health-verdict.ts';
import { STANDING_BY } from '../../src/health/readiness.ts';
import { wordReason } from '../../src/http/answers/verdict-words.ts';

const DEATH_MS = Date.UTC(2026, 10, 20, 9, 5, 12);

function reason(code: HealthReason['code'], more: Partial<HealthReason> = {}): HealthReason {
  return { code, severity: 'DEGRADED', value: null, bound: null, subject: null, node: null, ...more };
}

function standing(node: string, more: Partial<NodeStanding> = {}): NodeStanding {
  return { node, state: 'SERVING', sinceMs: null, readiness: [], reasons: [], ...more };
}

function said(nodes: readonly NodeStanding[]): string[] {
  return judgeCluster(nodes).reasons.map(({ code, severity, node }) => `${severity} ${code} ${node}`);
}

t.test('the state is that of the worst node, and each reason names its node', async (t) => {
  t.same(judgeCluster([standing('a:1'), standing('b:1')]), { state: 'HEALTHY', reasons: [] });
  const slow = standing('b:1', { reasons: [reason('FLUSH_SLOW')] });
  const stalled = standing('c:1', { reasons: [reason('COMMITS_STALLED', { severity: 'IN_TROUBLE' })] });
  t.equal(judgeCluster([standing('a:1'), slow]).state, 'DEGRADED');
  t.equal(judgeCluster([standing('a:1'), slow, stalled]).state, 'IN_TROUBLE');
  t.same(said([standing('a:1'), slow, stalled]), ['IN_TROUBLE COMMITS_STALLED c', 'DEGRADED FLUSH_SLOW b']);
  t.same(said([slow]), ['DEGRADED FLUSH_SLOW null'], 'the only node needs no name');
});

t.test('a dead and a silent node are named in words, and one that said goodbye is no reason', async (t) => {
  const dead = standing('b:1', { state: 'DEAD', sinceMs: DEATH_MS });
  const silent = standing('c:1', { state: 'NOT_ANSWERING', sinceMs: DEATH_MS });
  const verdict = judgeCluster([
    standing('a:1'),
    dead,
    silent,
    standing('d:1', { state: 'STOPPED', sinceMs: DEATH_MS }),
  ]);
  t.equal(verdict.state, 'DEGRADED');
  t.same(
    verdict.reasons.map((each) => wordReason(each, 'en')),
    [
      'Node c: Not answering; last heard at 09:05:12 UTC.',
      'Node b: Dead since 09:05:12 UTC; other nodes take over its schedules.',
    ],
  );
  for (const each of verdict.reasons) t.match(wordReason(each, 'ko'), /^노드 [bc]: 09:05:12 UTC/);
});

t.test('a node that was started again under its name is not dead', async (t) => {
  const nodes = [standing('a:1'), standing('b:1', { state: 'DEAD', sinceMs: DEATH_MS }), standing('b:2')];
  t.same(judgeCluster(nodes), { state: 'HEALTHY', reasons: [] });
  const twice = [standing('a:1'), ...[1, 2].map((no) => standing(`b:${no}`, { state: 'DEAD', sinceMs: DEATH_MS }))];
  t.same(said(twice), ['DEGRADED NODE_DEAD b'], 'and is named once');
});

t.test('a node that stands by is healthy while another one serves', async (t) => {
  const notReady = (subject: string) => reason('NOT_READY', { severity: 'IN_TROUBLE', subject });
  const standby = standing('b:1', { state: 'STANDING_BY', readiness: [STANDING_BY], reasons: [notReady(STANDING_BY)] });
  t.same(said([standby, standing('a:1')]), []);
  t.same(said([standby]), ['IN_TROUBLE NOT_READY null']);
  t.same(said([standby, standing('a:1', { state: 'DEAD' })]), ['IN_TROUBLE NOT_READY b', 'DEGRADED NODE_DEAD a']);
  const draining = standing('b:1', { state: 'DRAINING', readiness: ['draining'], reasons: [notReady('draining')] });
  t.same(said([draining, standing('a:1')]), ['DEGRADED NODE_DRAINING b']);
  t.same(said([draining]), ['IN_TROUBLE NOT_READY null'], 'nobody else serves');
});

t.test('what all nodes report alike is said once', async (t) => {
  const paused = reason('QUEUE_PAUSED', { value: 7 });
  t.same(said([standing('a:1', { reasons: [paused] }), standing('b:1', { reasons: [paused] })]), [
    'DEGRADED QUEUE_PAUSED null',
  ]);
});

t.test('the state follows from what a node may not serve for', async (t) => {
  t.equal(stateOfAnswering({ reasons: [] }), 'SERVING');
  t.equal(stateOfAnswering({ reasons: [STANDING_BY] }), 'STANDING_BY');
  t.equal(stateOfAnswering({ reasons: ['draining', STANDING_BY] }), 'DRAINING');
  t.equal(stateOfAnswering({ reasons: ['database', STANDING_BY] }), 'NOT_READY');
});
