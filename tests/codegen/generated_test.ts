/** Generated programs compute the same, whether clang or our back end made their machine code. */
import { describe, expect, it } from "vitest";
import { compileWith } from "../../lib/compile/clang.ts";
import { prepare } from "../../lib/compile/compile.ts";
import { installedCompiler } from "../../lib/compile/compiler.ts";
import { loadObject } from "../../lib/object/load.ts";
import { differences } from "./compare_objects.ts";
import { generateListing, print, smaller } from "./generated_c.ts";
import { compileHere, noWasmClang } from "./wasm_compiler.ts";

const clang = await installedCompiler();
const hasYardstick = clang !== undefined && !clang.isWebAssembly;
const reason = noWasmClang ?? (hasYardstick ? undefined : "skipped: no clang to compare with");
/** `tests/bench/compiler_bench.ts` takes as many as one likes. */
const SEEDS = [1, 2, 3];

describe("a generated program", () => {
  const test = reason ? it.skip : it;
  for (const seed of SEEDS) {
    test(
      `of seed ${seed} computes what it does by clang${reason ? ` (${reason})` : ""}`,
      { timeout: 120_000 },
      async () => {
        const { tree, cpu } = generateListing(seed, 3), source = print(tree);
        // The oldest clang that is accepted knows no v4.
        if (cpu === "v4") return;
        const theirs = loadObject(await compileWith(clang!, prepare(source, { cpu })), "theirs");
        const ours = loadObject(await compileHere(source, { cpu }), "ours");
        expect((await differences(theirs, ours)).filter(({ what }) => what === "result" || what === "programs"))
          .toEqual(
            [],
          );
      },
    );
  }

  it("is the same for a seed, and another for another", () => {
    expect(print(generateListing(7).tree)).toBe(print(generateListing(7).tree));
    expect(print(generateListing(7).tree)).not.toBe(print(generateListing(8).tree));
  });

  it("is cut down by one part at a time", () => {
    const { tree } = generateListing(7, 1), text = print(tree);
    let count = 0;
    for (const less of smaller(tree)) {
      expect(print(less).length).toBeLessThan(text.length + 8);
      if (++count === 50) break;
    }
    expect(count).toBe(50);
  });
});
