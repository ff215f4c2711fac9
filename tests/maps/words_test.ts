import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { htab_map_hash } from "../../lib/maps/jhash.ts";
import { bytesToNumber, numberToBytes, setWord, wordAt, wordsOf } from "../../lib/maps/words.ts";

describe("words of a copy", () => {
  it("cover every byte but the gaps once, in rising order, naturally aligned", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(220), fc.integer({ min: 0, max: 8 }), (size, at, gap) => {
        const gaps = gap > 0 && at + gap <= size ? [{ offset: at, size: gap }] : [];
        const covered = new Array(size).fill(0);
        let last = -1;
        for (const { offset, size: width } of wordsOf(size, gaps)) {
          expect(offset % width).toBe(0);
          expect(offset).toBeGreaterThan(last);
          last = offset;
          for (let i = 0; i < width; i++) covered[offset + i]++;
        }
        expect(covered).toEqual(
          covered.map((_, i) => gaps.some((g) => i >= g.offset && i < g.offset + g.size) ? 0 : 1),
        );
      }),
    );
  });

  it("a lock of 4 bytes at the top leaves an aligned rest", () => {
    expect(wordsOf(24, [{ offset: 0, size: 4 }]).map(({ offset, size }) => [offset, size])).toEqual([
      [4, 4],
      [8, 8],
      [16, 8],
    ]);
  });

  it("bytes survive as a number and as words", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      expect(numberToBytes(bytesToNumber(bytes), bytes.length)).toEqual(bytes);
      const copy = new Uint8Array(bytes.length);
      for (const word of wordsOf(bytes.length)) setWord(copy, word, wordAt(bytes, word));
      expect(copy).toEqual(bytes);
    }));
  });
});

describe("htab_map_hash", () => {
  // jhash of include/linux/jhash.h (7.2.13), compiled by gcc for x86-64; jhash2 gave the same where it applies.
  const cases: readonly [string, number, number][] = [
    ["a", 0, 0x58d68708],
    ["a", 7, 0xcb4ea349],
    ["abcd", 0, 0xb5f4889c],
    ["abcd", 7, 0x55cca0e9],
    ["abcde", 0, 0x26d72de],
    ["abcde", 7, 0x88c19094],
    ["abcdefghijkl", 0, 0x4012f87b],
    ["abcdefghijkl", 7, 0x806c14a8],
    ["abcdefghijklm", 0, 0x928128f9],
    ["abcdefghijklm", 7, 0xf7a1f3b0],
    ["0123456789abcdefghijklmnopqrstuv", 0, 0x698d57b8],
    ["0123456789abcdefghijklmnopqrstuv", 7, 0x4b5ffc1],
  ];
  for (const [key, seed, hash] of cases) {
    it(`${key} with seed ${seed}`, () => expect(htab_map_hash(new TextEncoder().encode(key), seed)).toBe(hash));
  }
});
