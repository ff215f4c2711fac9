/** Writes PNG files with a palette: figures have few colours, and notebooks carry every picture as text. */
import { deflate } from "../host/deflate.ts";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}

/** The colours of a picture in the order of their first pixel, how often each occurs, and where which one stands. */
interface Census {
  readonly colours: number[];
  readonly counts: number[];
  /** Pixels of one colour one after another: where each such run ends, and its colour. */
  readonly ends: number[];
  readonly colourOf: number[];
}

/** Most of a figure is paper: a colour is looked up where it changes. */
function takeCensus(pixels: Int32Array): Census {
  // Signed, so that V8 keeps them as small integers.
  const numberOf = new Map<number, number>();
  const colours: number[] = [], counts: number[] = [], ends: number[] = [], colourOf: number[] = [];
  for (let from = 0, to = 0; from < pixels.length; from = to) {
    const colour = pixels[from];
    for (to = from + 1; to < pixels.length && pixels[to] === colour;) to++;
    let number = numberOf.get(colour);
    if (number === undefined) {
      number = colours.length;
      numberOf.set(colour, number);
      colours.push(colour >>> 0);
      counts.push(0);
    }
    counts[number] += to - from;
    ends.push(to);
    colourOf.push(number);
  }
  return { colours, counts, ends, colourOf };
}

/** The 256 most frequent colours, and which of them stands for each; rarer ones (edges of letters) take the nearest. */
function choosePalette({ colours, counts }: Census): { entries: number[]; indexOf: Uint8Array } {
  const byCount = colours.map((_, number) => number).sort((a, b) => counts[b] - counts[a] || colours[a] - colours[b]);
  const kept = byCount.slice(0, 256);
  const entries = kept.map((number) => colours[number]);
  const indexOf = new Uint8Array(colours.length);
  kept.forEach((number, index) => indexOf[number] = index);
  for (const number of byCount.slice(256)) indexOf[number] = nearest(entries, colours[number]);
  return { entries, indexOf };
}

function nearest(colours: readonly number[], colour: number): number {
  let best = 0, least = Infinity;
  for (let index = 0; index < colours.length; index++) {
    const candidate = colours[index];
    const red = (candidate & 0xff) - (colour & 0xff), green = ((candidate >> 8) & 0xff) - ((colour >> 8) & 0xff);
    const blue = ((candidate >> 16) & 0xff) - ((colour >> 16) & 0xff);
    const distance = red * red + green * green + blue * blue;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

/**
 * Encodes an opaque picture as an 8-bit palette PNG.
 *
 * @param rgba `width * height * 4` bytes; alpha is not looked at.
 */
export async function encodePng(rgba: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  // Little-endian words: red in the lowest byte.
  const census = takeCensus(new Int32Array(rgba.slice().buffer));
  const { entries: colours, indexOf } = choosePalette(census);
  const indices = new Uint8Array(width * height);
  census.ends.forEach((end, run) => indices.fill(indexOf[census.colourOf[run]], census.ends[run - 1] ?? 0, end));
  // Each row begins with a byte that names its filter: 0, none.
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) rows.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // Bit depth 8, colour type 3 (palette), no interlace.
  header.set([8, 3, 0, 0, 0], 8);
  const entries = new Uint8Array(colours.flatMap((c) => [c & 0xff, (c >> 8) & 0xff, (c >> 16) & 0xff]));
  const parts = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("PLTE", entries),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array(0)),
  ];
  const png = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    png.set(part, at);
    at += part.length;
  }
  return png;
}
