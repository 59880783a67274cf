import { randomUUID } from 'node:crypto';
import t from 'tap';
import { v7 } from 'uuid';
import { createSightings, type Sighting, type Sightings } from '../../src/queue/redis/sightings.ts';
import { createTokenScribe } from '../../src/queue/token.ts';
import { createManualClock, type ManualClock } from '../fixtures/manual-clock.ts';

const scribe = createTokenScribe({ secret: 'a secret for tests' });
const WAITING = { status: 'WAITING', activatedAtMs: null, activeUntilMs: null, position: 1 } as const;
const ACTIVE = { status: 'ACTIVE', activatedAtMs: 5_000, activeUntilMs: 65_000, position: 0 } as const;

function meetSomebody(): { sightings: Sightings; sighting: Sighting; tokenId: string; clock: ManualClock } {
  const clock = createManualClock();
  const sightings = createSightings({ scribe, clock });
  const tokenId = v7();
  const sighting = sightings.meet(scribe.write({ tokenId, userId: randomUUID(), concertId: 7 }));
  if (sighting === null) throw new Error('a genuine token was not recognised');
  return { sightings, sighting, tokenId, clock };
}

t.test('an end is final, whatever older word of the token comes later', async (t) => {
  const { sightings, sighting, tokenId } = meetSomebody();
  sightings.learnStanding(sighting, ACTIVE, 99_000);
  sightings.noteEnded(tokenId, 'CANCELLED', 7_000);
  sightings.learnStanding(sighting, ACTIVE, 99_000);
  sightings.learnStanding(sighting, WAITING, 99_000);
  sightings.noteActive(tokenId, 5_000, 65_000);
  sightings.noteEnded(tokenId, 'EXPIRED', 8_000);
  t.match(sighting.place, { status: 'CANCELLED', endedAtMs: 7_000 });
  t.equal(sightings.mayRepeat(sighting, false), true, 'and may be repeated for ever');
});

t.test('who was let in does not wait again', async (t) => {
  const { sightings, sighting } = meetSomebody();
  sightings.learnStanding(sighting, ACTIVE, 99_000);
  sightings.learnStanding(sighting, WAITING, 99_000);
  t.match(sighting.place, { status: 'ACTIVE', dueAtMs: 65_000 });
});

t.test('ACTIVE is repeated for less than a second, and only while events arrive', async (t) => {
  const { sightings, sighting, clock } = meetSomebody();
  t.equal(sightings.mayRepeat(sighting, true), false, 'nothing is known yet');
  sightings.learnStanding(sighting, ACTIVE, 99_000);
  t.equal(sightings.mayRepeat(sighting, true), true);
  t.equal(sightings.mayRepeat(sighting, false), false);
  clock.advance(999);
  t.equal(sightings.mayRepeat(sighting, true), true);
  clock.advance(1);
  t.equal(sightings.mayRepeat(sighting, true), false);
});

t.test('an admission of which only the fact was told is asked for', async (t) => {
  const { sightings, sighting, tokenId } = meetSomebody();
  sightings.learnStanding(sighting, WAITING, 99_000);
  sightings.noteActive(tokenId, null, null);
  t.match(sighting.place, { status: 'ACTIVE' });
  t.equal(sightings.mayRepeat(sighting, true), false);
});

t.test('WAITING is never repeated', async (t) => {
  const { sightings, sighting } = meetSomebody();
  sightings.learnStanding(sighting, WAITING, 99_000);
  t.equal(sightings.mayRepeat(sighting, true), false);
});

t.test('no more tokens are kept than are allowed, the watched ones longest', async (t) => {
  const { sightings, sighting } = meetSomebody();
  sightings.learnStanding(sighting, WAITING, 99_000);
  sighting.watchers = new Set([() => undefined]);
  sightings.noteWatched(sighting);
  const second = { tokenId: v7(), userId: randomUUID(), concertId: 7 };
  sightings.meetSubject(second);
  for (let nth = 0; nth < 50_000; nth += 1)
    sightings.meetSubject({ tokenId: v7(), userId: second.userId, concertId: 7 });
  t.equal(sightings.withId(second.tokenId), undefined);
  t.equal(sightings.withId(sighting.subject.tokenId), sighting);
  t.same([...sightings.watched()], [sighting]);
});
