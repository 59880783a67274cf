import { crc32 } from 'node:zlib';

/** One picture of an animation. All have the same size and the same form of pixels. */
export interface Frame {
  readonly png: Buffer;
  readonly shownMs: number;
}

const SIGNATURE = 8;
const WORD = 4;

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/** Joins PNG pictures to an animated PNG that repeats for ever (https://www.w3.org/TR/png-3/#apng-frame-based-animation). */
export function animatedPng(frames: readonly Frame[]): Buffer {
  const [first] = frames;
  if (first === undefined) throw new Error('an animation needs a picture');
  const head = chunksOf(first.png).find(({ type }) => type === 'IHDR')?.data ?? Buffer.alloc(0);
  let sequence = 0;
  const body = frames.flatMap(({ png, shownMs }, index) => {
    const chunks = chunksOf(png);
    if (chunks.find(({ type }) => type === 'IHDR')?.data.equals(head) !== true)
      throw new Error('a picture has another form');
    const control = chunk('fcTL', frameControl(sequence++, head, shownMs));
    const data = chunks.filter(({ type }) => type === 'IDAT');
    return [
      control,
      ...data.map((one) => (index === 0 ? chunk('IDAT', one.data) : chunk('fdAT', words(sequence++), one.data))),
    ];
  });
  const animation = chunk('acTL', words(frames.length, 0));
  return Buffer.concat([first.png.subarray(0, SIGNATURE), chunk('IHDR', head), animation, ...body, chunk('IEND')]);
}

function chunksOf(png: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const start = at + 2 * WORD;
    chunks.push({ type: png.toString('latin1', at + WORD, start), data: png.subarray(start, start + length) });
    at = start + length + WORD;
  }
  return chunks;
}

/** The frame covers the whole picture, and replaces the one before it. */
function frameControl(sequence: number, head: Buffer, shownMs: number): Buffer {
  const delay = Buffer.alloc(WORD);
  delay.writeUInt16BE(shownMs, 0);
  delay.writeUInt16BE(1_000, 2);
  return Buffer.concat([words(sequence), head.subarray(0, 2 * WORD), words(0, 0), delay, Buffer.alloc(2)]);
}

function chunk(type: string, ...parts: readonly Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([words(data.length), body, words(crc32(body))]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * WORD);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * WORD);
  return bytes;
}
