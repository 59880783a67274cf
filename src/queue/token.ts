/**
 * The text of a queue token: `fq_<id>.<mac>`.
 *
 * The id is base64url of 39 bytes: the token's UUID as recorded, its user's UUID, and its concert's number in 7 bytes. A
 * genuine token thus speaks for its user and concert whatever has become of its row. The mac is the first 144 bits of
 * HMAC-SHA-256 over the id's text under a key derived from the service's secret. Both lengths are multiples of
 * 3 bytes, so there is one spelling of each token and no padding.
 */
import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';

const PREFIX = 'fq_';
const UUID_BYTES = 16;
const UUID_CHARACTERS = 36;
const CONCERT_BYTES = 7;
const ID_BYTES = 2 * UUID_BYTES + CONCERT_BYTES;
const ID_CHARACTERS = (ID_BYTES * 4) / 3;
const MAC_BYTES = 18;
const MAC_CHARACTERS = (MAC_BYTES * 4) / 3;
const TOKEN_CHARACTERS = PREFIX.length + ID_CHARACTERS + 1 + MAC_CHARACTERS;
/** Numbers above this are not exact, and no concert has them. */
const LARGEST_CONCERT = 2 ** 53 - 1;
/** Names what the key is for, so that the same secret gives other keys elsewhere. */
const KEY_PURPOSE = 'frontrow queue token 1';

export interface TokenSubject {
  readonly tokenId: string;
  readonly userId: string;
  readonly concertId: number;
}

export interface TokenScribe {
  /** The token of the subject; always the same text. UUIDs are lower-case. */
  write(subject: TokenSubject): string;
  /** The subject of a genuine token; null for any other text. Looks nothing up. */
  read(token: string): TokenSubject | null;
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Whether all bytes of the UUID were written. */
function writeUuid(bytes: Buffer, uuid: string, offset: number): boolean {
  const hex =
    uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + uuid.slice(19, 23) + uuid.slice(24, UUID_CHARACTERS);
  return uuid.length === UUID_CHARACTERS && bytes.write(hex, offset, UUID_BYTES, 'hex') === UUID_BYTES;
}

/** When a token was issued, in epoch milliseconds: its id, a UUID of version 7, begins with it. */
export function issuedAtMsOf(tokenId: string): number {
  return Number.parseInt(tokenId.replaceAll('-', '').slice(0, 12), 16);
}

/** `secret` is the service's; the key of the tokens is derived from it. */
export function createTokenScribe({ secret }: { secret: string }): TokenScribe {
  // As a KeyObject: handed over as bytes, the key costs several times the hash itself.
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', KEY_PURPOSE, 32)));

  function macOf(id: string): string {
    return createHmac('sha256', key).update(id).digest('base64url').slice(0, MAC_CHARACTERS);
  }

  return {
    write({ tokenId, userId, concertId }) {
      const bytes = Buffer.alloc(ID_BYTES);
      const isWhole = writeUuid(bytes, tokenId, 0) && writeUuid(bytes, userId, UUID_BYTES);
      if (!isWhole || !(concertId >= 1 && concertId <= LARGEST_CONCERT))
        throw new Error('a token without a proper subject');
      bytes.writeUInt8(Math.floor(concertId / 2 ** 48), 2 * UUID_BYTES);
      bytes.writeUIntBE(concertId % 2 ** 48, 2 * UUID_BYTES + 1, 6);
      const id = bytes.toString('base64url');
      return `${PREFIX}${id}.${macOf(id)}`;
    },

    read(token) {
      if (token.length !== TOKEN_CHARACTERS || !token.startsWith(PREFIX)) return null;
      const dot = PREFIX.length + ID_CHARACTERS;
      if (token[dot] !== '.') return null;
      const id = token.slice(PREFIX.length, dot);
      const given = Buffer.from(token.slice(dot + 1));
      const right = Buffer.from(macOf(id));
      if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
      const bytes = Buffer.from(id, 'base64url');
      return {
        tokenId: uuidText(bytes.subarray(0, UUID_BYTES)),
        userId: uuidText(bytes.subarray(UUID_BYTES, 2 * UUID_BYTES)),
        concertId: bytes.readUInt8(2 * UUID_BYTES) * 2 ** 48 + bytes.readUIntBE(2 * UUID_BYTES + 1, 6),
      };
    },
  };
}
