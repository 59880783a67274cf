import { hkdfSync } from 'node:crypto';
import { createHandshakeKey, type HandshakeKey, type HandshakeTerms } from './handshake.ts';

/** The purpose, so that the same secret gives other values for other purposes. */
const FINGERPRINT_PURPOSE = 'frontrow cluster secret fingerprint 1';
const FINGERPRINT_BYTES = 16;

/** The secrets of this node: its own, and during a change of secrets also the previous one. */
export interface KeyRing {
  /** One for each secret, its own first. A fingerprint identifies a secret and does not reveal it. */
  readonly fingerprints: readonly string[];
  /** The key for proofs to a peer with these fingerprints; the node's own key if they are unknown. */
  keyFor(peerFingerprints: readonly string[] | null): HandshakeKey;
  /** The key of a proof; null if no key of the ring made it. */
  keyOf(proof: string, role: 'dialler' | 'listener', terms: HandshakeTerms): HandshakeKey | null;
}

/** Throws when a secret is shorter than 32 characters. */
export function createKeyRing({ secret, previous }: { readonly secret: string; readonly previous?: string }): KeyRing {
  const own = createHandshakeKey(secret);
  const keys = new Map([[fingerprintOf(secret), own]]);
  if (previous !== undefined && previous !== secret) keys.set(fingerprintOf(previous), createHandshakeKey(previous));
  return {
    fingerprints: [...keys.keys()],
    keyFor(peerFingerprints) {
      for (const [fingerprint, key] of keys) if (peerFingerprints?.includes(fingerprint)) return key;
      return own;
    },
    keyOf(proof, role, terms) {
      for (const key of keys.values()) if (key.isProof(proof, role, terms)) return key;
      return null;
    },
  };
}

function fingerprintOf(secret: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', FINGERPRINT_PURPOSE, FINGERPRINT_BYTES)).toString('hex');
}
