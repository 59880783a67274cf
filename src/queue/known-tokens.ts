/**
 * The tokens that this node has met, bounded: whom they speak for, and what was last known of them.
 *
 * KNOWN-1. An end is told only when it was recorded, and is final.
 * KNOWN-2. That a token is ACTIVE is repeated without asking for at most a second, and only while events arrive, which tell of its
 *     end within milliseconds; the end of its time is compared every time. A token that was ended elsewhere can thus be
 *     taken for ACTIVE for a second at worst: as if its request had come a second earlier. Nothing that is sold rests on
 *     it, since holds and payments are decided under their own fence.
 * KNOWN-3. WAITING is never repeated: every question is a sign of life, and the answer changes by itself.
 */
import type { Clock } from '../runtime/clock.ts';
import { isEndStatus, type QueueTokenRow, type QueueTokenStatus } from '../domain/queue-token.ts';
import { isLive, type Place, placeOf } from './place.ts';
import { issuedAtMsOf, type TokenScribe, type TokenSubject } from './token.ts';
import type { Standing } from './line-store.ts';

/** About 40 MiB. A forgotten token is looked up. */
const TOKENS_KEPT = 50_000;
/** KNOWN-2. */
const REPEATED_MS = 1_000;

export interface KnownToken {
  readonly token: string;
  readonly subject: TokenSubject;
  /** The last known view; null before that. */
  place: Place | null;
  /** The last position that was told; null before that. */
  position: number | null;
  /** Monotonic milliseconds. */
  knownAtMs: number;
  /** ACTIVE, and the line store knows that its holder has asked for something. */
  isClaimed: boolean;
  watchers: Set<(status: QueueTokenStatus) => void> | null;
}

export interface KnownTokens {
  /** The knowledge of a genuine token; null for any other text. */
  meet(token: string): KnownToken | null;
  withId(tokenId: string): KnownToken | undefined;
  /** The same for a token that was entered, not asked with. */
  meetSubject(subject: TokenSubject): KnownToken;
  learnRow(knownToken: KnownToken, row: QueueTokenRow, closesAtMs: number): Place;
  learnStanding(knownToken: KnownToken, standing: Standing, closesAtMs: number): Place;
  /** Whether what is known may be repeated without asking. */
  mayRepeat(knownToken: KnownToken, isHearing: boolean): boolean;
  /** A recorded change that this node made or was told of. Instants may be null where they were not told. */
  noteActive(tokenId: string, activatedAtMs: number | null, activeUntilMs: number | null): void;
  noteEnded(tokenId: string, status: QueueTokenStatus, endedAtMs: number): void;
  /** Those that are watched. */
  watched(): Iterable<KnownToken>;
  noteWatched(knownToken: KnownToken): void;
}

function isForward(from: QueueTokenStatus, to: QueueTokenStatus): boolean {
  return from === to || from === 'WAITING' || (from === 'ACTIVE' && to !== 'WAITING');
}

export function createKnownTokens({ scribe, clock }: { scribe: TokenScribe; clock: Clock }): KnownTokens {
  const byToken = new Map<string, KnownToken>();
  const byId = new Map<string, KnownToken>();
  const watched = new Set<KnownToken>();
  /** Goes on from oldest to oldest: a new one would walk over everything that was forgotten since the map last grew. */
  let oldest = byToken.values();

  function forget(knownToken: KnownToken): void {
    byToken.delete(knownToken.token);
    byId.delete(knownToken.subject.tokenId);
  }

  function remember(token: string, subject: TokenSubject): KnownToken {
    const made = { token, subject, place: null, position: null, knownAtMs: 0, isClaimed: false, watchers: null };
    byToken.set(token, made);
    byId.set(subject.tokenId, made);
    if (byToken.size > TOKENS_KEPT) forgetOldest();
    return made;
  }

  /** Somebody who is watched counts as new instead; to make up for that, one call may forget two. */
  function forgetOldest(): void {
    for (let tried = 0; tried < 2 && byToken.size > TOKENS_KEPT; tried += 1) {
      let next = oldest.next();
      if (next.done === true) {
        oldest = byToken.values();
        next = oldest.next();
      }
      if (next.done === true) return;
      const knownToken = next.value;
      if (knownToken.watchers === null) {
        forget(knownToken);
      } else {
        byToken.delete(knownToken.token);
        byToken.set(knownToken.token, knownToken);
      }
    }
  }

  function tell(knownToken: KnownToken, status: QueueTokenStatus): void {
    for (const changed of knownToken.watchers ?? []) changed(status);
    if (isEndStatus(status)) {
      knownToken.watchers = null;
      watched.delete(knownToken);
    }
  }

  /** Takes over what is newer than what is known. */
  function learn(knownToken: KnownToken, place: Place): Place {
    const former = knownToken.place;
    if (former !== null && !isForward(former.status, place.status)) return former;
    knownToken.place = place;
    knownToken.knownAtMs = clock.monotonicMs();
    if (former?.status !== place.status) {
      knownToken.isClaimed = false;
      tell(knownToken, place.status);
    }
    return place;
  }

  function placeNow({ subject }: KnownToken, standing: Omit<Standing, 'position'>, closesAtMs: number): Place {
    const { status, activatedAtMs, activeUntilMs } = standing;
    const issuedAtMs = issuedAtMsOf(subject.tokenId);
    const row = { ...subject, no: 0, status, issuedAtMs, activatedAtMs, activeUntilMs, endedAtMs: null };
    return placeOf(row, closesAtMs);
  }

  return {
    meet(token) {
      const known = byToken.get(token);
      if (known !== undefined) return known;
      const subject = scribe.read(token);
      return subject === null ? null : remember(token, subject);
    },

    withId: (tokenId) => byId.get(tokenId),

    meetSubject(subject) {
      return byId.get(subject.tokenId) ?? remember(scribe.write(subject), subject);
    },

    learnRow: (knownToken, row, closesAtMs) => learn(knownToken, placeOf(row, closesAtMs)),
    learnStanding(knownToken, standing, closesAtMs) {
      const { place } = knownToken;
      const dueAtMs = standing.activeUntilMs ?? closesAtMs;
      if (place !== null && place.status === standing.status && place.dueAtMs === dueAtMs) {
        knownToken.knownAtMs = clock.monotonicMs();
        return place;
      }
      return learn(knownToken, placeNow(knownToken, standing, closesAtMs));
    },

    mayRepeat({ place, knownAtMs }, isHearing) {
      if (place === null) return false;
      if (!isLive(place)) return true;
      return place.status === 'ACTIVE' && isHearing && clock.monotonicMs() - knownAtMs < REPEATED_MS;
    },

    noteActive(tokenId, activatedAtMs, activeUntilMs) {
      const knownToken = byId.get(tokenId);
      if (knownToken?.place?.status !== 'WAITING') return;
      learn(
        knownToken,
        placeNow(knownToken, { status: 'ACTIVE', activatedAtMs, activeUntilMs }, Number.POSITIVE_INFINITY),
      );
      // The end of its time was not told: it has to be asked for.
      if (activeUntilMs === null) knownToken.knownAtMs = Number.NEGATIVE_INFINITY;
    },

    noteEnded(tokenId, status, endedAtMs) {
      const knownToken = byId.get(tokenId);
      if (knownToken?.place === undefined || knownToken.place === null || !isLive(knownToken.place)) return;
      learn(knownToken, { ...knownToken.place, status, endedAtMs });
    },

    watched: () => watched,
    noteWatched(knownToken) {
      if (knownToken.watchers === null) watched.delete(knownToken);
      else watched.add(knownToken);
    },
  };
}
