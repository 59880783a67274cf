import type { Clock } from '../../runtime/clock.ts';
import type { Heartbeat } from '../../domain/node.ts';
import { LOCK_TIMEOUT_MS } from '../pool.ts';
import type { Backend } from './backend.ts';
import type { Lane } from './lane.ts';

/*
 * Sends a node's beats over the lanes.
 *
 * BEAT-1. Beats use the lanes in turn. A beat waits for its lane if that is wedged or disconnected, so a node whose lanes are all
 *     wedged loses its schedules.
 * BEAT-2. A lane that waits for a lock is not wedged: the server answers it at the lock timeout. Its beat uses another free lane.
 *     No beat waits for a lock itself: it is rejected if its row is locked. The journal ends the backend of a lost connection,
 *     because it may keep the row locked.
 * BEAT-3. A beat that still waits when its lane's next turn comes is rejected.
 */

/** Later than the lock timeout, with a margin for the answer on a busy machine. */
const WEDGED_AFTER_MS = LOCK_TIMEOUT_MS + 500;

/** If another transaction has locked the row, the beat is not raised and the node is not known to be dead. */
const BEAT = `
WITH own AS MATERIALIZED (
  SELECT node FROM nodes WHERE node = $1 AND dead_at IS NULL FOR NO KEY UPDATE SKIP LOCKED
), raised AS (
  UPDATE nodes SET beat = beat + 1, reaches = $2, separation_no = greatest(separation_no, $3)
  FROM own WHERE nodes.node = own.node RETURNING 1
)
SELECT EXISTS (SELECT FROM raised) AS is_raised, EXISTS (SELECT FROM nodes WHERE node = $1 AND dead_at IS NULL) AS was_living,
  floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`;

interface WaitingBeat {
  readonly run: (lane: Lane) => Promise<void>;
  readonly giveUp: (error: Error) => void;
}

export interface BeatTurns extends Heartbeat {
  /** Sends waiting beats on free lanes. */
  send(): void;
}

/** Beats over the lanes. */
export function createBeatTurns(deps: {
  readonly lanes: readonly Lane[];
  readonly clock: Clock;
  /** Called when a beat waits to be sent. */
  readonly onWaiting: () => void;
  /** Called when the connection of a beat was lost; its backend may still run. */
  readonly onDoubt: (backend: Backend | null) => void;
}): BeatTurns {
  const { lanes, clock, onWaiting, onDoubt } = deps;
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
    beat(node, { reaches, separationNo }) {
      const turn = nextTurn;
      nextTurn = (nextTurn + 1) % lanes.length;
      return new Promise((resolve, reject) => {
        waiting[turn]?.giveUp(new Error('no lane came free for a beat'));
        waiting[turn] = {
          giveUp: reject,
          run: async (lane) => {
            const result = await lane.run({ name: 'beat', text: BEAT, values: [node, reaches, separationNo] });
            if (result.type !== 'done') {
              if (result.type === 'doubt') onDoubt(result.backend);
              reject(result.error);
              return;
            }
            const isRaised = result.rows[0]?.['is_raised'] === true;
            const isLocked = !isRaised && result.rows[0]?.['was_living'] === true;
            if (isLocked) reject(new Error('another transaction has locked the row of this node'));
            else resolve({ isAlive: isRaised, sentAt: result.sentAt });
          },
        };
        onWaiting();
      });
    },
  };
}
