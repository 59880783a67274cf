import t from 'tap';
import {
  createHandshakeKey,
  type HandshakeTerms,
  newNonce,
  readChallenge,
  readHello,
  readProof,
  writeChallenge,
  writeHello,
  writeProof,
} from '../../../src/cluster/peers/handshake.ts';
import { PROTOCOL_VERSION } from '../../../src/cluster/peers/wire.ts';

const SECRET = 'a-secret-of-thirty-two-characters';
const TERMS: HandshakeTerms = { from: 'a:1', to: 'b:1', dialNonce: newNonce(), listenNonce: newNonce() };

t.test(
  'a proof holds for its maker’s role, both names, both nonces and the secret, and for nothing else',
  async (t) => {
    const key = createHandshakeKey(SECRET);
    const proof = key.prove('dialler', TERMS);
    t.ok(key.isProof(proof, 'dialler', TERMS));
    t.ok(createHandshakeKey(SECRET).isProof(proof, 'dialler', { ...TERMS }), 'at every node with the secret');
    t.notOk(key.isProof(proof, 'listener', TERMS), 'not reflected');
    t.notOk(createHandshakeKey(`${SECRET}.`).isProof(proof, 'dialler', TERMS), 'not under another secret');
    const others: HandshakeTerms[] = [
      { ...TERMS, from: 'c:1' },
      { ...TERMS, to: 'b:2' },
      { ...TERMS, dialNonce: newNonce() },
      { ...TERMS, listenNonce: newNonce() },
      { ...TERMS, dialNonce: TERMS.listenNonce, listenNonce: TERMS.dialNonce },
      { ...TERMS, from: TERMS.to, to: TERMS.from },
    ];
    for (const terms of others) t.notOk(key.isProof(proof, 'dialler', terms));
    for (const other of ['', proof.slice(1), `${proof}AAAA`, key.prove('listener', TERMS)]) {
      t.notOk(key.isProof(other, 'dialler', TERMS));
    }
  },
);

t.test('no two nonces are alike', async (t) => {
  t.equal(new Set(Array.from({ length: 1_000 }, newNonce)).size, 1_000);
});

t.test('every message is read as it was written', async (t) => {
  const { listenNonce, ...hello } = TERMS;
  t.same(readHello(writeHello(hello)), { ok: true, hello });
  t.equal(readChallenge(writeChallenge(listenNonce)), listenNonce);
  const proof = createHandshakeKey(SECRET).prove('listener', TERMS);
  t.equal(readProof('proof', writeProof('proof', proof)), proof);
  t.equal(readProof('welcome', writeProof('welcome', proof)), proof);
});

t.test('a hello of another version is recognised as such, whatever else it has', async (t) => {
  const text = JSON.stringify({ type: 'hello', version: PROTOCOL_VERSION + 1, names: ['a', 'b'] });
  t.same(readHello(text), { ok: false, version: PROTOCOL_VERSION + 1 });
});

t.test('what is no message of the handshake is not read as one', async (t) => {
  const { listenNonce: nonce, ...hello } = TERMS;
  const proof = createHandshakeKey(SECRET).prove('listener', TERMS);
  const wrong: unknown[] = [
    null,
    1,
    'hello',
    [],
    {},
    { type: 'hello' },
    { type: 'hello', version: PROTOCOL_VERSION },
    { type: 'challenge', nonce: `${nonce}=` },
    { type: 'challenge', nonce: [nonce] },
    { type: 'challenge', nonce, more: 1 },
    { type: 'proof', proof: '' },
    { type: 'welcome', proof: proof.slice(1) },
    { ...JSON.parse(writeHello(hello)), to: '' },
    { ...JSON.parse(writeHello(hello)), to: 'b'.repeat(201) },
    { ...JSON.parse(writeHello(hello)), version: '1' },
    { ...JSON.parse(writeHello(hello)), secret: SECRET },
  ];
  const texts = wrong.map((value) => JSON.stringify(value));
  texts.push('', '{', writeHello(hello).replace('{', '{"__proto__":{},'));
  for (const text of texts) {
    t.same(readHello(text), { ok: false, version: null }, text);
    t.equal(readChallenge(text), null, text);
    t.equal(readProof('proof', text), null, text);
    t.equal(readProof('welcome', text), null, text);
  }
  t.equal(readProof('proof', writeProof('welcome', proof)), null, 'a welcome is no proof of a dialler');
});

t.test('a secret that is too short is refused', async (t) => {
  t.throws(() => createHandshakeKey(''), /at least 32/);
  t.throws(() => createHandshakeKey('x'.repeat(31)), /at least 32/);
  t.doesNotThrow(() => createHandshakeKey('x'.repeat(32)));
});
