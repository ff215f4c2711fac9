/** Writes PNG files with a palette: figures have few colours, and notebooks carry every picture as text. */
import { deflateSync } from "node:zlib";

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

/** Stretches of one colour within a row: most of a figure is paper, so there are few of them. */
interface Runs {
  readonly colours: number[];
  /** Index of the pixel after each run. */
  readonly ends: number[];
}

function findRuns(pixels: Uint32Array, width: number): Runs {
  const colours: number[] = [], ends: number[] = [];
  for (let row = 0; row < pixels.length; row += width) {
    for (let at = row; at < row + width;) {
      const colour = pixels[at++];
      while (at < row + width && pixels[at] === colour) at++;
      colours.push(colour);
      ends.push(at);
    }
  }
  return { colours, ends };
}

/** The 256 most frequent colours; rarer ones (edges of letters) become the nearest of these. */
function palette({ colours, ends }: Runs): { entries: number[]; indexOf: Map<number, number> } {
  const counts = new Map<number, number>();
  colours.forEach((colour, i) => counts.set(colour, (counts.get(colour) ?? 0) + ends[i] - (ends[i - 1] ?? 0)));
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => colour);
  const entries = byCount.slice(0, 256);
  const indexOf = new Map(entries.map((colour, index) => [colour, index]));
  for (const colour of byCount.slice(256)) indexOf.set(colour, nearest(entries, colour));
  return { entries, indexOf };
}

function nearest(colours: readonly number[], colour: number): number {
  let best = 0, least = Infinity;
  colours.forEach((candidate, index) => {
    let distance = 0;
    for (const shift of [0, 8, 16]) distance += (((candidate >> shift) & 0xff) - ((colour >> shift) & 0xff)) ** 2;
    if (distance < least) [best, least] = [index, distance];
  });
  return best;
}

/**
 * Encodes an opaque picture as an 8-bit palette PNG.
 *
 * @param rgba `width * height * 4` bytes; alpha is not looked at.
 */
export function encodePng(rgba: Uint8Array, width: number, height: number): Uint8Array {
  // Little-endian words: red in the lowest byte.
  const runs = findRuns(new Uint32Array(rgba.slice().buffer), width);
  const { entries: colours, indexOf } = palette(runs);
  // Each row begins with a byte that names its filter: 0, none.
  const rows = new Uint8Array(height * (width + 1));
  let start = 0;
  runs.ends.forEach((end, i) => {
    const shift = Math.floor(start / width) + 1;
    rows.fill(indexOf.get(runs.colours[i])!, start + shift, end + shift);
    start = end;
  });
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
    chunk("IDAT", deflateSync(rows)),
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
