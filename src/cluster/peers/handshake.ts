/**
 * How two nodes make sure of each other before the first command.
 *
 * dialler: hello (version, from, to, nonce) → listener: challenge (nonce) → dialler: proof → listener: welcome (proof)
 *
 * HANDSHAKE-1. The secret never travels. A proof is an HMAC over its maker's role, the version, both names and both nonces.
 * HANDSHAKE-2. The dialler proves itself first: whoever merely connects is given nothing that was made with the secret.
 * HANDSHAKE-3. Each side draws a nonce for each connection, and a proof says whose it is, so one that was recorded or is
 *     reflected proves nothing.
 * HANDSHAKE-4. A dialler asks for one node by name. A listener that is another one by now refuses, and could not prove to be it.
 *
 * It says who is at the other end, not that nobody reads or alters what follows: the network between nodes is trusted for
 * that, or carries the links in a tunnel.
 */
import { createHmac, createSecretKey, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { parseMessage } from './message-text.ts';
import { PROTOCOL_VERSION } from './wire.ts';

const SECRET_MINIMUM_CHARACTERS = 32;
const NONCE_BYTES = 32;
/** Names what the key is for, so that the same secret gives other keys elsewhere. */
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
/** As much of a hello as nodes of every version have in common. */
const versioned = Compile(Type.Object({ type: Type.Literal('hello'), version: Type.Integer() }));

/** What both sides know of a connection once both have spoken. */
export interface HandshakeTerms {
  /** The dialler's node. */
  readonly from: string;
  /** The node that is asked for. */
  readonly to: string;
  readonly dialNonce: string;
  readonly listenNonce: string;
}

export type HelloReading =
  | { readonly ok: true; readonly hello: Omit<HandshakeTerms, 'listenNonce'> }
  /** `version`: the one that the other side speaks, null where it is this one's or no message at all. */
  | { readonly ok: false; readonly version: number | null };

/** One side's part of handshakes; both know the same secret. */
export interface HandshakeKey {
  /** The proof that only a node in this role, under these terms, who knows the secret can give. */
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
