import { createHmac, randomUUID } from 'node:crypto';
import type { QueuePolicy } from '../../src/domain/catalogue.ts';
import { accept, reject } from '../../src/domain/errors.ts';
import type {
  QueueIdentity,
  QueueToken,
  QueueTokenStatus,
  QueueWatch,
  WaitingRoom,
} from '../../src/domain/queue-token.ts';

interface Place {
  token: string;
  tokenId: string;
  userId: string;
  concertId: number;
  status: QueueTokenStatus;
  issuedAtMs: number;
  activatedAtMs: number | null;
  endedAtMs: number | null;
}

export interface FakeRoom extends WaitingRoom, Pick<QueueWatch, 'watch' | 'look'> {
  readonly places: Map<string, Place>;
  /** The notes of the routes, in order. */
  readonly notes: string[];
  end(token: string, status: QueueTokenStatus): void;
  /** The user's ACTIVE token of the concert, or null. */
  tokenIdOf(userId: string, concertId: number): string | null;
  /** Whether `identify` answers through a promise, as it does for a token that the process does not know yet. */
  answersLate: boolean;
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** A waiting room in memory that admits in order of entry as long as fewer than `maxActive` are ACTIVE. */
export function createFakeRoom(nowMs: () => number, policyOf: (concertId: number) => QueuePolicy): FakeRoom {
  const places = new Map<string, Place>();
  const notes: string[] = [];
  const of = (concertId: number, status: QueueTokenStatus): Place[] =>
    [...places.values()].filter((place) => place.concertId === concertId && place.status === status);
  const mayAdmit = (concertId: number): boolean => {
    const { maxActive, batch } = policyOf(concertId);
    return batch > 0 && of(concertId, 'ACTIVE').length < maxActive;
  };
  const admit = (place: Place): void => {
    place.status = 'ACTIVE';
    place.activatedAtMs = nowMs();
  };

  function view(place: Place): QueueToken {
    const { maxActive, batch, activeTtlMs } = policyOf(place.concertId);
    const waiting = place.status === 'WAITING';
    const position = waiting ? of(place.concertId, 'WAITING').indexOf(place) + 1 : null;
    return {
      token: place.token,
      userId: place.userId,
      concertId: place.concertId,
      status: place.status,
      queuePosition: place.status === 'ACTIVE' ? 0 : position,
      estimatedWaitTime: position === null || maxActive === 0 || batch === 0 ? null : position * 30,
      estimatedWaitRange: null,
      activeUntil: iso(place.activatedAtMs === null ? null : place.activatedAtMs + activeTtlMs),
      issuedAt: new Date(place.issuedAtMs).toISOString(),
      activatedAt: iso(place.activatedAtMs),
      endedAt: iso(place.endedAtMs),
      pollAfterMs: 30_000,
    };
  }

  function end(token: string, status: QueueTokenStatus): void {
    const place = places.get(token);
    if (place === undefined) throw new Error('no such token');
    place.status = status;
    place.endedAtMs = nowMs();
  }

  const room: FakeRoom = {
    places,
    notes,
    answersLate: false,
    end,
    async enter(userId, concertId) {
      const live = [...of(concertId, 'WAITING'), ...of(concertId, 'ACTIVE')].find((place) => place.userId === userId);
      if (live !== undefined) return { created: false, token: view(live) };
      const id = randomUUID();
      const place: Place = {
        tokenId: id,
        token: `fq_${id}.${createHmac('sha256', 'fake').update(id).digest('base64url')}`,
        userId,
        concertId,
        status: 'WAITING',
        issuedAtMs: nowMs(),
        activatedAtMs: null,
        endedAtMs: null,
      };
      places.set(place.token, place);
      if (mayAdmit(concertId)) admit(place);
      return { created: true, token: view(place) };
    },
    tokenIdOf: (userId, concertId) => of(concertId, 'ACTIVE').find((place) => place.userId === userId)?.tokenId ?? null,
    holderOf: (token) => places.get(token)?.userId ?? null,
    identify(token) {
      const place = places.get(token);
      const identity: QueueIdentity | null = place === undefined ? null : { ...place };
      return room.answersLate ? Promise.resolve(identity) : identity;
    },
    async status(token) {
      const place = places.get(token);
      return place === undefined ? null : view(place);
    },
    async activate(token) {
      const place = places.get(token);
      if (place === undefined) return reject('UNAUTHENTICATED');
      if (place.status === 'WAITING' && of(place.concertId, 'WAITING')[0] === place && mayAdmit(place.concertId)) {
        admit(place);
      }
      if (place.status === 'ACTIVE') return accept(view(place));
      if (place.status !== 'WAITING') return reject(`QUEUE_TOKEN_${place.status}`);
      const { queuePosition, estimatedWaitTime } = view(place);
      return reject('QUEUE_NOT_YOUR_TURN', { queuePosition, estimatedWaitTime });
    },
    async leave(token) {
      const place = places.get(token);
      if (place === undefined) return null;
      const left = place.endedAtMs === null;
      if (left) end(token, 'CANCELLED');
      notes.push(`left ${left}`);
      return { identity: { ...place }, left };
    },
    noteCompleted(concertId, { tokenId }) {
      const live = of(concertId, 'ACTIVE').find((place) => place.tokenId === tokenId);
      if (live === undefined) return;
      end(live.token, 'COMPLETED');
      notes.push(`completed ${live.userId} ${concertId}`);
    },
    notePolicyChanged(concertId) {
      notes.push(`policy ${concertId}`);
    },
    watch: (token) => (places.get(token)?.endedAtMs === null ? () => undefined : null),
    look: (tokens) =>
      tokens.map((token) => {
        const place = places.get(token);
        return place === undefined || place.endedAtMs !== null ? null : view(place);
      }),
    async counts(concertId) {
      const { maxActive, batch } = policyOf(concertId);
      return {
        waiting: of(concertId, 'WAITING').length,
        active: of(concertId, 'ACTIVE').length,
        maxActive,
        paused: maxActive === 0 || batch === 0,
      };
    },
  };
  return room;
}
