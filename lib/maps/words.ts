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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 8) return view.getBigUint64(offset, true);
  if (size === 4) return BigInt(view.getUint32(offset, true));
  return BigInt(size === 2 ? view.getUint16(offset, true) : view.getUint8(offset));
}

export function setWord(bytes: Uint8Array, { offset, size }: Word, value: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 8) view.setBigUint64(offset, value, true);
  else if (size === 4) view.setUint32(offset, Number(value), true);
  else if (size === 2) view.setUint16(offset, Number(value), true);
  else view.setUint8(offset, Number(value));
}

/** Bytes as one number, the first byte lowest: how a private step hands a whole buffer to its model. */
export function bytesToNumber(bytes: Uint8Array): bigint {
  let number = 0n;
  for (let at = bytes.length; at > 0;) {
    const size = at % 8 === 0 ? 8 : 1;
    at -= size;
    number = (number << BigInt(8 * size)) | wordAt(bytes, { offset: at, size });
  }
  return number;
}

export function numberToBytes(number: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let offset = 0; offset < size;) {
    const width = offset + 8 <= size ? 8 : 1;
    setWord(bytes, { offset, size: width }, BigInt.asUintN(8 * width, number));
    number >>= BigInt(8 * width);
    offset += width;
  }
  return bytes;
}

export const roundUp8 = (size: number): number => (size + 7) & ~7;
