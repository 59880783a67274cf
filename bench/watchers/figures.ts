import { createLatencies } from '../../harness/latencies.ts';
import { median } from '../../harness/table.ts';
import type { CrowdFigures, MeasureOrder } from './crowd-calls.ts';
import type { FrameStore } from './frame-store.ts';
import type { Watcher } from './watcher.ts';

/** Measures how the changes that were answered within the time reached the watchers. */
export function measureCrowd(watchers: readonly Watcher[], frames: FrameStore, order: MeasureOrder): CrowdFigures {
  const { fromMs, toMs } = order;
  const repliesMs = repliesBySeq(order.replies);
  const all = createLatencies();
  const ownP99Ms: number[] = [];
  const firstMs = new Map<number, number>();
  const lastMs = new Map<number, number>();
  let delivered = 0;
  let bytes = 0;
  let snapshots = 0;
  for (const { frameIndexes, arrivalsMs } of watchers) {
    const own = createLatencies();
    let seen = 0;
    for (const [position, index] of frameIndexes.entries()) {
      const frame = frames.at(index);
      const arrivedMs = arrivalsMs[position] ?? 0;
      if (arrivedMs >= fromMs && arrivedMs < toMs) {
        delivered += 1;
        bytes += frame.bytes.length;
        if (frame.isSnapshot) snapshots += 1;
        firstMs.set(index, Math.min(firstMs.get(index) ?? arrivedMs, arrivedMs));
        lastMs.set(index, Math.max(lastMs.get(index) ?? arrivedMs, arrivedMs));
      }
      if (position > 0) {
        for (let seq = seen + 1; seq <= frame.seq; seq += 1) {
          const repliedMs = repliesMs.get(seq);
          if (repliedMs !== undefined && repliedMs >= fromMs && repliedMs < toMs) {
            all.add(arrivedMs - repliedMs);
            own.add(arrivedMs - repliedMs);
          }
        }
      }
      seen = frame.seq;
    }
    ownP99Ms.push(own.summary().p99Ms);
  }
  const spreads = createLatencies();
  for (const [index, atMs] of firstMs) spreads.add((lastMs.get(index) ?? atMs) - atMs);
  const latency = all.summary();
  const spread = spreads.summary();
  return {
    frames: delivered,
    bytes,
    distinctFrames: firstMs.size,
    snapshots,
    pairs: latency.count,
    p50Ms: latency.p50Ms,
    p99Ms: latency.p99Ms,
    maxMs: latency.maxMs,
    medianWatcherP99Ms: median(ownP99Ms),
    worstWatcherP99Ms: Math.max(0, ...ownP99Ms),
    spreadP50Ms: spread.p50Ms,
    spreadP99Ms: spread.p99Ms,
  };
}

function repliesBySeq(replies: Float64Array): Map<number, number> {
  const bySeq = new Map<number, number>();
  for (let at = 0; at + 1 < replies.length; at += 2) bySeq.set(replies[at] ?? 0, replies[at + 1] ?? 0);
  return bySeq;
}
