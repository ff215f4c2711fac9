/** States are kept as fingerprints: values that differ in few bits, anywhere, have to stay two states. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseLitmus } from "../../lib/search/litmus/parse.ts";
import { runLitmus } from "../../lib/search/litmus/run.ts";

/** One column overwrites a word while another one reads it: the state that is read in is the only difference at the end. */
async function statesOfRead(before: bigint, after: bigint): Promise<number> {
  const file = parseLitmus(`BPF read
{ uint64_t x=${before}; uint64_t 0:r1; uint64_t 1:r1=${after}; 0:r2=x; 1:r2=x; }
P0 | P1 ;
r1 = *(u64 *)(r2 + 0) | *(u64 *)(r2 + 0) = r1 ;
exists (0:r1=${after})
`);
  return (await runLitmus(file)).states.length;
}

it("tells values apart that differ in the uppermost bit of both halves", async () => {
  expect(await statesOfRead(0x7fff_ffff_8000_0000n, 0xffff_ffff_0000_0000n)).toBe(2);
  expect(await statesOfRead(0n, 0x8000_0000_8000_0000n)).toBe(2);
});

it("tells values apart that differ in any two bits", async () => {
  const bit = fc.integer({ min: 0, max: 63 });
  await fc.assert(
    fc.asyncProperty(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), bit, bit, async (value, i, j) => {
      const other = value ^ (1n << BigInt(i)) ^ (i === j ? 0n : 1n << BigInt(j));
      expect(await statesOfRead(value, other)).toBe(2);
    }),
    { numRuns: 100, seed: 64, examples: [[0n, 31, 63], [1n, 0, 32]] },
  );
});
