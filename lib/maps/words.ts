/** How the models copy keys and values: word by word, in rising order. */
import type { Memory, Width } from "../cpu/memory.ts";

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

/** One word of up to 8 bytes, and its bytes as memory has them. */
const word64 = new BigUint64Array(1), wordBytes = new Uint8Array(word64.buffer);

/** Reads a word of a byte array as memory would give it. */
export function wordAt(bytes: Uint8Array, { offset, size }: Word): bigint {
  word64[0] = 0n;
  for (let i = 0; i < size; i++) wordBytes[i] = bytes[offset + i];
  return word64[0];
}

export function setWord(bytes: Uint8Array, { offset, size }: Word, value: bigint): void {
  word64[0] = value;
  for (let i = 0; i < size; i++) bytes[offset + i] = wordBytes[i];
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
    const found = wordAt(bytes, word);
    number = word.offset === 0 ? found : number | (found << BigInt(8 * word.offset));
  }
  return number;
}

export function numberToBytes(number: bigint, size: number): Uint8Array {
  if (size <= 8) {
    word64[0] = number;
    return wordBytes.slice(0, size);
  }
  const bytes = new Uint8Array(size);
  for (const word of wordsOfBuffer(size)) {
    const { offset } = word;
    setWord(bytes, word, offset === 0 ? number : number >> BigInt(8 * offset));
  }
  return bytes;
}

export const roundUp8 = (size: number): number => (size + 7) & ~7;

/** Whether `size` bytes from here on are all zero. */
export function isZero(memory: Memory, from: number, size: number): boolean {
  const { bytes } = memory;
  for (let at = from; at < from + size; at++) if (bytes[at] !== 0) return false;
  return true;
}
