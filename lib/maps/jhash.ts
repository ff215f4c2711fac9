/** Bob Jenkins' hash as the kernel uses it for hash maps (include/linux/jhash.h). */
const JHASH_INITVAL = 0xdead_beef;

const rol = (word: number, shift: number): number => (word << shift) | (word >>> (32 - shift));

/** Three 32-bit words mixed, and the number of bytes that went in. */
function final(a: number, b: number, c: number): number {
  c = (c ^ b) - rol(b, 14) | 0;
  a = (a ^ c) - rol(c, 11) | 0;
  b = (b ^ a) - rol(a, 25) | 0;
  c = (c ^ b) - rol(b, 16) | 0;
  a = (a ^ c) - rol(c, 4) | 0;
  b = (b ^ a) - rol(a, 14) | 0;
  c = (c ^ b) - rol(b, 24) | 0;
  return c >>> 0;
}

/**
 * include/linux/jhash.h:jhash. For keys of whole 32-bit words kernel/bpf/hashtab.c:htab_map_hash calls jhash2, which
 * gives the same number on a little-endian machine.
 */
export function htab_map_hash(key: Uint8Array, hashrnd: number): number {
  let a = (JHASH_INITVAL + key.length + hashrnd) | 0, b = a, c = a, at = 0, left = key.length;
  const word = (offset: number): number => {
    let value = 0;
    for (let i = 3; i >= 0; i--) value = (value << 8) | (key[offset + i] ?? 0);
    return value;
  };
  while (left > 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = (a - c) ^ rol(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rol(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rol(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rol(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rol(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rol(b, 4);
    b = (b + a) | 0;
    at += 12;
    left -= 12;
  }
  if (left === 0) return c >>> 0;
  a = (a + word(at)) | 0;
  b = (b + (left > 4 ? word(at + 4) : 0)) | 0;
  c = (c + (left > 8 ? word(at + 8) : 0)) | 0;
  return final(a, b, c);
}

/** kernel/bpf/bloom_filter.c:hash: the bit that the i-th function gives, of so many bits, a power of two. */
export const bloomBit = (value: Uint8Array, hashSeed: number, i: number, bits: number): number =>
  (htab_map_hash(value, (hashSeed + i) >>> 0) & (bits - 1)) >>> 0;
