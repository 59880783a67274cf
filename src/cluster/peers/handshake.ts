/**
 * The handshake by which two nodes authenticate each other before the first command.
 *
 * dialler: hello (version, from, to, nonce) → listener: challenge (nonce) → dialler: proof → listener: welcome (proof)
 *
 * HANDSHAKE-1. The secret is never sent. A proof is an HMAC over its sender's role, the version, both names and both nonces.
 * HANDSHAKE-2. The dialler proves itself first, so a stranger that only connects gets nothing that depends on the secret.
 * HANDSHAKE-3. Each side draws a nonce for each connection, and a proof contains the role of its sender, so a recorded or
 *     reflected proof is invalid.
 * HANDSHAKE-4. A dialler asks for one node by name. A listener that now has another name refuses, and its proof would be
 *     invalid.
 *
 * The handshake authenticates the peer. It does not protect the later messages from being read or altered: operators trust the
 * network between nodes or put the links into a tunnel.
 */
import { createHmac, createSecretKey, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { parseMessage } from './message-text.ts';
import { PROTOCOL_VERSION } from './wire.ts';

const SECRET_MINIMUM_CHARACTERS = 32;
const NONCE_BYTES = 32;
/** The purpose of the key, so that the same secret gives other keys for other purposes. */
const KEY_PURPOSE = 'frontrow peer link 1';

const Name = Type.String({ minLength: 1, maxLength: 200 });
/** 32 bytes in base64url: a nonce, or an HMAC-SHA-256. */
const Bytes = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', maxLength: 43 });
const strict = { additionalProperties: false } as const;

const messages = {
  hello: Compile(
    Type.Object(
      { type: Type.Literal('hello'), version: Type.Literal(PROTOCOL_VERSION), from: Name, to: Name, nonce: Bytes },
      strict,
    ),
  ),
  challenge: Compile(Type.Object({ type: Type.Literal('challenge'), nonce: Bytes }, strict)),
  proof: Compile(Type.Object({ type: Type.Literal('proof'), proof: Bytes }, strict)),
  welcome: Compile(Type.Object({ type: Type.Literal('welcome'), proof: Bytes }, strict)),
};
/** The members of a hello that all versions have in common. */
const versioned = Compile(Type.Object({ type: Type.Literal('hello'), version: Type.Integer() }));

/** The facts about a connection that both sides know after hello and challenge. */
export interface HandshakeTerms {
  /** The dialler's node. */
  readonly from: string;
  /** The node that the dialler asks for. */
  readonly to: string;
  readonly dialNonce: string;
  readonly listenNonce: string;
}

export type HelloReading =
  | { readonly ok: true; readonly hello: Omit<HandshakeTerms, 'listenNonce'> }
  /** `version`: the other side's version if it differs, else null: the message is malformed. */
  | { readonly ok: false; readonly version: number | null };

/** One side's part of handshakes; both know the same secret. */
export interface HandshakeKey {
  /** The proof for this role and these terms, which only a node with the secret can make. */
  prove(role: 'dialler' | 'listener', terms: HandshakeTerms): string;
  /** Compares in constant time. */
  isProof(proof: string, role: 'dialler' | 'listener', terms: HandshakeTerms): boolean;
}

/** Throws when the secret is shorter than 32 characters. */
export function createHandshakeKey(secret: string): HandshakeKey {
  if (secret.length < SECRET_MINIMUM_CHARACTERS) {
    throw new Error(`the secret of the peers must have at least ${SECRET_MINIMUM_CHARACTERS} characters`);
  }
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', KEY_PURPOSE, 32)));

  function macOf(role: string, { from, to, dialNonce, listenNonce }: HandshakeTerms): Buffer {
    // As JSON, because a list of texts has one reading only.
    const text = JSON.stringify([role, PROTOCOL_VERSION, from, to, dialNonce, listenNonce]);
    return createHmac('sha256', key).update(text).digest();
  }

  return {
    prove: (role, terms) => macOf(role, terms).toString('base64url'),
    isProof(proof, role, terms) {
      const given = Buffer.from(proof, 'base64url');
      const right = macOf(role, terms);
      return given.length === right.length && timingSafeEqual(given, right);
    },
  };
}

export function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64url');
}

export function writeHello({ from, to, dialNonce }: Omit<HandshakeTerms, 'listenNonce'>): string {
  return JSON.stringify({ type: 'hello', version: PROTOCOL_VERSION, from, to, nonce: dialNonce });
}

export function readHello(text: string): HelloReading {
  const message = parseMessage(text);
  if (messages.hello.Check(message)) {
    return { ok: true, hello: { from: message.from, to: message.to, dialNonce: message.nonce } };
  }
  const isOther = versioned.Check(message) && message.version !== PROTOCOL_VERSION;
  return { ok: false, version: isOther ? message.version : null };
}

export function writeChallenge(nonce: string): string {
  return JSON.stringify({ type: 'challenge', nonce });
}

/** The listener's nonce; null when the text is no challenge. */
export function readChallenge(text: string): string | null {
  const message = parseMessage(text);
  return messages.challenge.Check(message) ? message.nonce : null;
}

export function writeProof(type: 'proof' | 'welcome', proof: string): string {
  return JSON.stringify({ type, proof });
}

/** The proof; null when the text is no message of the type. */
export function readProof(type: 'proof' | 'welcome', text: string): string | null {
  const message = parseMessage(text);
  return messages[type].Check(message) ? message.proof : null;
}
