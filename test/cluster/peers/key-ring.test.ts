import t from 'tap';
import { createHandshakeKey, newNonce } from '../../../src/cluster/peers/handshake.ts';
import { createKeyRing } from '../../../src/cluster/peers/key-ring.ts';
import { LIMIT_MS, LISTENER, readMap, seqOf, startDialler, startListener } from './two-nodes.ts';

const OLD = 'the-secret-until-now-of-enough-characters';
const NEW = 'the-secret-from-now-on-of-enough-characters';
const TERMS = { from: 'a:1', to: 'b:1', dialNonce: newNonce(), listenNonce: newNonce() };

t.test('a secret that is too short is refused, the previous one too', async (t) => {
  const short = 'x'.repeat(31);
  t.throws(() => createKeyRing({ secret: short }), /at least 32 characters/);
  t.throws(() => createKeyRing({ secret: NEW, previous: short }), /at least 32 characters/);
});

t.test('a fingerprint says which secret it is and does not contain it', async (t) => {
  const { fingerprints } = createKeyRing({ secret: NEW, previous: OLD });
  t.same(fingerprints, [
    ...createKeyRing({ secret: NEW }).fingerprints,
    ...createKeyRing({ secret: OLD }).fingerprints,
  ]);
  for (const fingerprint of fingerprints) t.match(fingerprint, /^[0-9a-f]{32}$/);
  t.equal(new Set(fingerprints).size, 2);
  t.same(createKeyRing({ secret: NEW, previous: NEW }).fingerprints, [fingerprints[0]], 'a secret counts once');
});

t.test('a node proves itself by a secret that the peer knows, by its own where that is unknown', async (t) => {
  const ring = createKeyRing({ secret: NEW, previous: OLD });
  const proofOf = (secret: string) => createHandshakeKey(secret).prove('dialler', TERMS);
  const given = (fingerprints: readonly string[] | null) => ring.keyFor(fingerprints).prove('dialler', TERMS);
  t.equal(given(createKeyRing({ secret: OLD }).fingerprints), proofOf(OLD));
  t.equal(given(createKeyRing({ secret: NEW }).fingerprints), proofOf(NEW));
  t.equal(given(createKeyRing({ secret: OLD, previous: NEW }).fingerprints), proofOf(NEW));
  t.equal(given(null), proofOf(NEW));
  t.equal(
    ring.keyOf(proofOf(OLD), 'dialler', TERMS)?.prove('listener', TERMS),
    createHandshakeKey(OLD).prove('listener', TERMS),
  );
  t.equal(ring.keyOf(proofOf(`${OLD}.`), 'dialler', TERMS), null);
});

t.test('while the secret is changed node by node, links stand in both directions', async (t) => {
  const stages = [{ secret: OLD }, { secret: NEW, previous: OLD }, { secret: OLD, previous: NEW }];
  for (const [index, listening] of stages.entries()) {
    for (const dialling of stages) {
      const { address } = await startListener(t, listening);
      const peerKnows = createKeyRing(listening).fingerprints;
      const links = startDialler(t, address, { ...dialling, peerKnows });
      t.equal(seqOf(await links.send(LISTENER, readMap(index + 1), LIMIT_MS)), index + 1);
    }
  }
});
