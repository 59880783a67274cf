import t from 'tap';
import type { Activity } from '../../src/health/activity.ts';
import type { ActivitySample } from '../../src/health/activity-sample.ts';
import {
  createClusterActivity,
  FIGURES_VERSION,
  type NodeFigures,
  type RecordedNode,
} from '../../src/health/cluster-activity.ts';
import { quietSample } from '../fixtures/activity-samples.ts';
import { createManualClock } from '../fixtures/manual-clock.ts';

/** A node `a` among nodes whose rows are what the test makes them. */
function createStand() {
  const clock = createManualClock(0);
  const samples: ActivitySample[] = [];
  const state = { rows: [] as RecordedNode[], published: [] as NodeFigures[], isAway: false };
  const own: Activity = {
    report: (since) => ({
      node: 'a:1',
      stepMs: 1_000,
      stepsKept: 5,
      verdict: { state: 'HEALTHY', reasons: [] },
      samples: samples.filter(({ number }) => number > since),
    }),
  };
  const activity = createClusterActivity({
    clock,
    own,
    readiness: () => ({ ready: true, reasons: [], degraded: [] }),
    records: {
      async exchange(_node, figures) {
        state.published.push(figures);
        if (state.isAway) throw new Error('away');
        return state.rows;
      },
    },
    onFailure: () => undefined,
  });
  activity.start();

  return {
    activity,
    state,
    clock,
    /** Node `a` takes a sample, and the nodes exchange theirs. */
    async step(happened: Partial<ActivitySample> = {}) {
      samples.push(quietSample({ holds: 1, liveSockets: 10, ...happened, number: samples.length + 1 }));
      clock.advance(1_000);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    },
  };
}

function row(node: string, numbers: readonly number[], happened: Partial<ActivitySample> = {}): RecordedNode {
  const samples = numbers.map((number) => quietSample({ holds: 100, liveSockets: 5, ...happened, number }));
  const figures = { version: FIGURES_VERSION, samples, readiness: { reasons: [], degraded: [] }, reasons: [] };
  return { node, deadAtMs: null, hasLeft: false, figures };
}

t.test('counts and sockets of all nodes are summed, and no sample is counted twice or lost', async (t) => {
  const { activity, state, step } = createStand();
  state.rows = [row('b:1', [7])];
  await step();
  state.rows = [row('b:1', [7, 8]), row('c:1', [3])];
  await step();
  // The row of b is late, and then brings two at once.
  await step();
  state.rows = [row('b:1', [8, 9, 10]), row('c:1', [3, 4, 5])];
  await step();
  for (let nth = 0; nth < 4; nth += 1) await step();
  const { samples } = activity.report(0);
  t.same(
    samples.map(({ number }) => number),
    [4, 5, 6, 7, 8],
    'numbered as its own, and bounded',
  );
  const { samples: none } = activity.report(8);
  t.same(none, []);
});

t.test('each second gets one sample of each node, also where they arrive in pairs', async (t) => {
  const { activity, state, step } = createStand();
  state.rows = [row('b:1', [1])];
  await step();
  await step();
  state.rows = [row('b:1', [1, 2, 3])];
  await step();
  await step();
  await step();
  t.same(
    activity.report(0).samples.map(({ holds }) => holds),
    [1, 101, 1, 101, 101],
  );
  t.same(
    activity.report(0).samples.map(({ liveSockets }) => liveSockets),
    [10, 15, 15, 15, 15],
    'its sockets are open between its samples too',
  );
});

t.test('a node that is far behind is summed at once', async (t) => {
  const { activity, state, step } = createStand();
  state.rows = [row('b:1', [1])];
  await step();
  state.rows = [row('b:1', [2, 3, 4])];
  await step();
  await step();
  t.same(
    activity.report(0).samples.map(({ holds }) => holds),
    [1, 101, 301],
  );
});

t.test('a silent node is said not to answer, and counts no more', async (t) => {
  const { activity, state, step } = createStand();
  state.rows = [row('b:1', [1], { atMs: 5_000 })];
  for (let nth = 0; nth < 3; nth += 1) await step();
  t.match(activity.nodes(), [
    { node: 'a:1', state: 'SERVING' },
    { node: 'b:1', state: 'SERVING' },
  ]);
  t.equal(activity.report(0).verdict.state, 'HEALTHY');
  for (let nth = 0; nth < 3; nth += 1) await step();
  t.match(activity.nodes()[1], { node: 'b:1', state: 'NOT_ANSWERING', sinceMs: 5_000 });
  t.match(activity.report(0).verdict, {
    state: 'DEGRADED',
    reasons: [{ code: 'NODE_SILENT', node: 'b', value: 5_000 }],
  });
  t.equal(activity.report(0).samples.at(-1)?.liveSockets, 10);
  state.rows = [{ ...row('b:1', [1]), deadAtMs: 9_000 }];
  await step();
  t.match(activity.nodes()[1], { node: 'b:1', state: 'DEAD', sinceMs: 9_000 });
  t.match(activity.report(0).verdict, { state: 'DEGRADED', reasons: [{ code: 'NODE_DEAD', node: 'b', value: 9_000 }] });
  state.rows = [{ ...row('b:1', [1]), deadAtMs: 9_000, hasLeft: true }];
  await step();
  t.match(activity.nodes()[1], { node: 'b:1', state: 'STOPPED' });
  t.equal(activity.report(0).verdict.state, 'HEALTHY');
});

t.test('a node that cannot read blames no other for silence', async (t) => {
  const { activity, state, step } = createStand();
  state.rows = [row('b:1', [1])];
  await step();
  state.isAway = true;
  for (let nth = 0; nth < 10; nth += 1) await step();
  t.match(activity.nodes()[1], { node: 'b:1', state: 'SERVING' });
});

t.test('a node publishes its newest samples and its reasons, and one of another version is only joining', async (t) => {
  const { activity, state, step } = createStand();
  for (let nth = 0; nth < 5; nth += 1) await step();
  t.match(state.published.at(-1), { version: FIGURES_VERSION, reasons: [], readiness: { reasons: [] } });
  t.same(
    state.published.at(-1)?.samples.map(({ number }) => number),
    [3, 4, 5],
  );
  state.rows = [{ ...row('b:1', []), figures: null }];
  await step();
  t.match(activity.nodes()[1], { node: 'b:1', state: 'JOINING' });
  t.equal(activity.report(0).verdict.state, 'HEALTHY');
});
