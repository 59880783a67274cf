import { randomUUID } from 'node:crypto';
import t from 'tap';
import { v7 } from 'uuid';
import { createKnownTokens, type KnownToken, type KnownTokens } from '../../src/queue/known-tokens.ts';
import { createTokenScribe } from '../../src/queue/token.ts';
import { createManualClock, type ManualClock } from '../fixtures/manual-clock.ts';

const scribe = createTokenScribe({ secret: 'a secret for tests' });
const WAITING = { status: 'WAITING', activatedAtMs: null, activeUntilMs: null, position: 1 } as const;
const ACTIVE = { status: 'ACTIVE', activatedAtMs: 5_000, activeUntilMs: 65_000, position: 0 } as const;

function meetSomebody(): { knownTokens: KnownTokens; knownToken: KnownToken; tokenId: string; clock: ManualClock } {
  const clock = createManualClock();
  const knownTokens = createKnownTokens({ scribe, clock });
  const tokenId = v7();
  const knownToken = knownTokens.meet(scribe.write({ tokenId, userId: randomUUID(), concertId: 7 }));
  if (knownToken === null) throw new Error('a genuine token was not recognised');
  return { knownTokens, knownToken, tokenId, clock };
}

t.test('an end is final, whatever older word of the token comes later', async (t) => {
  const { knownTokens, knownToken, tokenId } = meetSomebody();
  knownTokens.learnStanding(knownToken, ACTIVE, 99_000);
  knownTokens.noteEnded(tokenId, 'CANCELLED', 7_000);
  knownTokens.learnStanding(knownToken, ACTIVE, 99_000);
  knownTokens.learnStanding(knownToken, WAITING, 99_000);
  knownTokens.noteActive(tokenId, 5_000, 65_000);
  knownTokens.noteEnded(tokenId, 'EXPIRED', 8_000);
  t.match(knownToken.place, { status: 'CANCELLED', endedAtMs: 7_000 });
  t.equal(knownTokens.mayRepeat(knownToken, false), true, 'and may be repeated for ever');
});

t.test('who was let in does not wait again', async (t) => {
  const { knownTokens, knownToken } = meetSomebody();
  knownTokens.learnStanding(knownToken, ACTIVE, 99_000);
  knownTokens.learnStanding(knownToken, WAITING, 99_000);
  t.match(knownToken.place, { status: 'ACTIVE', dueAtMs: 65_000 });
});

t.test('ACTIVE is repeated for less than a second, and only while events arrive', async (t) => {
  const { knownTokens, knownToken, clock } = meetSomebody();
  t.equal(knownTokens.mayRepeat(knownToken, true), false, 'nothing is known yet');
  knownTokens.learnStanding(knownToken, ACTIVE, 99_000);
  t.equal(knownTokens.mayRepeat(knownToken, true), true);
  t.equal(knownTokens.mayRepeat(knownToken, false), false);
  clock.advance(999);
  t.equal(knownTokens.mayRepeat(knownToken, true), true);
  clock.advance(1);
  t.equal(knownTokens.mayRepeat(knownToken, true), false);
});

t.test('an admission of which only the fact was told is asked for', async (t) => {
  const { knownTokens, knownToken, tokenId } = meetSomebody();
  knownTokens.learnStanding(knownToken, WAITING, 99_000);
  knownTokens.noteActive(tokenId, null, null);
  t.match(knownToken.place, { status: 'ACTIVE' });
  t.equal(knownTokens.mayRepeat(knownToken, true), false);
});

t.test('WAITING is never repeated', async (t) => {
  const { knownTokens, knownToken } = meetSomebody();
  knownTokens.learnStanding(knownToken, WAITING, 99_000);
  t.equal(knownTokens.mayRepeat(knownToken, true), false);
});

t.test('no more tokens are kept than are allowed, the watched ones longest', async (t) => {
  const { knownTokens, knownToken } = meetSomebody();
  knownTokens.learnStanding(knownToken, WAITING, 99_000);
  knownToken.watchers = new Set([() => undefined]);
  knownTokens.noteWatched(knownToken);
  const second = { tokenId: v7(), userId: randomUUID(), concertId: 7 };
  knownTokens.meetSubject(second);
  for (let nth = 0; nth < 50_000; nth += 1)
    knownTokens.meetSubject({ tokenId: v7(), userId: second.userId, concertId: 7 });
  t.equal(knownTokens.withId(second.tokenId), undefined);
  t.equal(knownTokens.withId(knownToken.subject.tokenId), knownToken);
  t.same([...knownTokens.watched()], [knownToken]);
});
