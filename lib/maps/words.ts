/** How the models copy keys and values: word by word, in rising order. */
import type { Width } from "../cpu/memory.ts";

export interface Word {
  readonly offset: number;
  readonly size: Width;
}

export interface Gap {
  readonly offset: number;
  readonly size: number;
}

/**
 * The words that a copy of `size` bytes takes: 8, 4, 2 or 1 bytes each, naturally aligned, leaving out the gaps (a
 * bpf_spin_lock is never copied: include/linux/bpf.h:bpf_obj_memcpy). memcpy promises neither an order nor a word
 * size; whole aligned words in rising order are the mildest choice that a real CPU can show.
 */
export function wordsOf(size: number, gaps: readonly Gap[] = []): Word[] {
  const words: Word[] = [];
  let offset = 0;
  for (const gap of [...gaps, { offset: size, size: 0 }]) {
    while (offset < gap.offset) {
      const width = ([8, 4, 2, 1] as const).find((w) => offset % w === 0 && offset + w <= gap.offset)!;
      words.push({ offset, size: width });
      offset += width;
    }
    offset = gap.offset + gap.size;
  }
  return words;
}

/** Reads a word of a byte array as memory would give it. */
export function wordAt(bytes: Uint8Array, { offset, size }: Word): bigint {
  if (size === 8) return new DataView(bytes.buffer, bytes.byteOffset + offset, 8).getBigUint64(0, true);
  let word = 0;
  for (let i = size - 1; i >= 0; i--) word = word * 256 + bytes[offset + i];
  return BigInt(word);
}

export function setWord(bytes: Uint8Array, { offset, size }: Word, value: bigint): void {
  if (size === 8) {
    new DataView(bytes.buffer, bytes.byteOffset + offset, 8).setBigUint64(0, value, true);
    return;
  }
  let word = Number(value);
  for (let i = 0; i < size; i++, word = Math.floor(word / 256)) bytes[offset + i] = word % 256;
}

const wholeWords = new Map<number, readonly Word[]>();

/** The words of a buffer of so many bytes. */
function wordsOfBuffer(size: number): readonly Word[] {
  let words = wholeWords.get(size);
  if (!words) wholeWords.set(size, words = wordsOf(size));
  return words;
}

/** Bytes as one number, the first byte lowest: how a private step hands a whole buffer to its model. */
export function bytesToNumber(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const word of wordsOfBuffer(bytes.length)) {
    number |= wordAt(bytes, word) << BigInt(8 * word.offset);
  }
  return number;
}

export function numberToBytes(number: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const word of wordsOfBuffer(size)) {
    const { offset, size: width } = word;
    setWord(bytes, word, BigInt.asUintN(8 * width, offset === 0 ? number : number >> BigInt(8 * offset)));
  }
  return bytes;
}

export const roundUp8 = (size: number): number => (size + 7) & ~7;
