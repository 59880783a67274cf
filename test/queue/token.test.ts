import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { v7 as uuidV7 } from 'uuid';
import { createTokenScribe, issuedAtMsOf } from '../../src/queue/token.ts';

const scribe = createTokenScribe({ secret: 'a secret of the service' });
const subject = { tokenId: uuidV7(), userId: randomUUID(), concertId: 42 };
const token = scribe.write(subject);

t.test('a token speaks for its user and concert without anything being looked up', async () => {
  fc.assert(
    fc.property(
      fc.uuid(),
      fc.uuid(),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      (tokenId, userId, concertId) => {
        const read = scribe.read(scribe.write({ tokenId, userId, concertId }));
        return read?.tokenId === tokenId && read.userId === userId && read.concertId === concertId;
      },
    ),
  );
});

t.test('the form is fq_, an id, a dot and a mac of at least 128 bits, safe in a URL', async (t) => {
  t.match(token, /^fq_[A-Za-z0-9_-]{52}\.[A-Za-z0-9_-]{24}$/);
  t.equal(scribe.write(subject), token, 'always the same text');
});

t.test('a token of another secret is refused', async (t) => {
  t.equal(createTokenScribe({ secret: 'another secret' }).read(token), null);
});

t.test('no other spelling of a genuine token is accepted', async (t) => {
  for (let position = 0; position < token.length; position += 1) {
    for (const other of [
      'A',
      'B',
      '-',
      '+',
      '/',
      '=',
      '.',
      ' ',
      '\u0000',
      String.fromCharCode((token.charCodeAt(position) & 0xff) + 0x100),
    ]) {
      const changed = token.slice(0, position) + other + token.slice(position + 1);
      if (changed !== token && scribe.read(changed) !== null) t.fail(`${position}: ${other}`);
    }
  }
  t.equal(scribe.read(`${token} `), null);
  t.equal(scribe.read(`${token}=`), null);
  t.equal(scribe.read(token.toUpperCase()), null);
  t.same(scribe.read(token), subject);
});

t.test('whatever is no token is refused', async (t) => {
  for (const text of [
    '',
    'fq_',
    'fq_.',
    'fq_x.y',
    token.slice(0, -1),
    token.slice(3),
    'x'.repeat(80),
    `fq_${'A'.repeat(77)}`,
  ]) {
    t.equal(scribe.read(text), null, text);
  }
  fc.assert(fc.property(fc.string({ maxLength: 100, unit: 'binary' }), (text) => scribe.read(text) === null));
});

t.test('a subject that is none is a bug', async (t) => {
  t.throws(() => scribe.write({ ...subject, userId: 'somebody' }));
  t.throws(() => scribe.write({ ...subject, concertId: 0 }));
  t.throws(() => scribe.write({ ...subject, concertId: Number.NaN }));
});

t.test('the id tells when the token was issued', async (t) => {
  t.equal(issuedAtMsOf(uuidV7({ msecs: 1_763_600_000_123 })), 1_763_600_000_123);
});
