import type { Clock } from '../../runtime/clock.ts';
import type { Heartbeat } from '../../domain/node.ts';
import { LOCK_TIMEOUT_MS } from '../pool.ts';
import type { Lane } from './lane.ts';

/*
 * The turns in which a node's beats use the lanes.
 *
 * B1. Beats use the lanes in turn. A beat of a wedged or disconnected lane waits for that lane, so a node whose lanes are
 *     all wedged loses its schedules.
 * B2. A lane that waits for a lock is not wedged: the server answers it at the lock timeout. Its beat uses another free lane.
 * B3. A beat that still waits when its lane's next turn comes is rejected.
 */

/** The server ends a wait for a lock in time. The margin covers the answer's way through a busy machine. */
const WEDGED_AFTER_MS = LOCK_TIMEOUT_MS + 500;

const BEAT = `UPDATE nodes SET beat = beat + 1 WHERE node = $1 AND dead_at IS NULL
RETURNING floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`;

interface WaitingBeat {
  readonly run: (lane: Lane) => Promise<void>;
  readonly giveUp: (error: Error) => void;
}

export interface BeatTurns extends Heartbeat {
  /** Sends the waiting beats for which a lane is free. */
  send(): void;
}

/** Beats over the lanes. Calls `onWaiting` when a beat waits to be sent. */
export function createBeatTurns(lanes: readonly Lane[], clock: Clock, onWaiting: () => void): BeatTurns {
  const waiting: (WaitingBeat | null)[] = lanes.map(() => null);
  let nextTurn = 0;

  function laneFor(own: Lane): Lane | undefined {
    if (own.isFree) return own;
    const { runningSinceMs } = own;
    const mayMove = runningSinceMs !== null && clock.monotonicMs() - runningSinceMs < WEDGED_AFTER_MS;
    return mayMove ? lanes.find((lane) => lane.isFree) : undefined;
  }

  return {
    send() {
      for (const [index, own] of lanes.entries()) {
        const beat = waiting[index];
        if (beat == null) continue;
        const lane = laneFor(own);
        if (lane === undefined) continue;
        waiting[index] = null;
        void beat.run(lane);
      }
    },
    beat(node) {
      const turn = nextTurn;
      nextTurn = (nextTurn + 1) % lanes.length;
      return new Promise((resolve, reject) => {
        waiting[turn]?.giveUp(new Error('no lane came free for a beat'));
        waiting[turn] = {
          giveUp: reject,
          run: async (lane) => {
            const result = await lane.run({ name: 'beat', text: BEAT, values: [node] });
            if (result.type === 'done') resolve({ isAlive: result.rows.length === 1, sentAt: result.sentAt });
            else reject(result.error);
          },
        };
        onWaiting();
      });
    },
  };
}
