/** Damages bytes at random, from a seed. */
import type { SeededRandom } from "../../lib/schedulers/random_numbers.ts";

const EDGE_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];
const EDGE_WORDS = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fff8, 4096, 65536];

/** A copy of `bytes` with one to eight things wrong with it; `other` is something to take pieces from. */
export function mutate(bytes: Uint8Array, other: Uint8Array, random: SeededRandom, unit: 1 | 8): Uint8Array {
  let result: Uint8Array = bytes.slice();
  const damages = 1 + random.below(8);
  for (let i = 0; i < damages && result.length > 0; i++) result = damage(result, other, random, unit);
  return result;
}

function damage(bytes: Uint8Array, other: Uint8Array, random: SeededRandom, unit: 1 | 8): Uint8Array {
  const at = random.below(bytes.length);
  switch (random.below(8)) {
    case 0:
      bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      bytes[at] = EDGE_BYTES[random.below(EDGE_BYTES.length)];
      return bytes;
    case 3: {
      const word = EDGE_WORDS[random.below(EDGE_WORDS.length)], start = at & ~3;
      for (let i = 0; i < 4 && start + i < bytes.length; i++) bytes[start + i] = word >>> (8 * i);
      return bytes;
    }
    case 4: { // one unit over another
      const from = unitAt(bytes, random, unit), to = unitAt(bytes, random, unit);
      bytes.copyWithin(to, from, Math.min(from + unit, bytes.length));
      return bytes;
    }
    case 5: { // a piece taken out
      const start = unitAt(bytes, random, unit), length = unit * (1 + random.below(4));
      return Uint8Array.from([...bytes.subarray(0, start), ...bytes.subarray(start + length)]);
    }
    case 6: { // a piece of something else put in
      if (other.length === 0) return bytes;
      const start = unitAt(bytes, random, unit), from = unitAt(other, random, unit);
      const piece = other.subarray(from, from + unit * (1 + random.below(4)));
      return Uint8Array.from([...bytes.subarray(0, start), ...piece, ...bytes.subarray(start)]);
    }
    default: { // cut off, rarely
      if (random.below(8) !== 0) return bytes;
      return bytes.slice(0, unitAt(bytes, random, unit));
    }
  }
}

const unitAt = (bytes: Uint8Array, random: SeededRandom, unit: number): number =>
  unit * random.below(Math.ceil(bytes.length / unit));
