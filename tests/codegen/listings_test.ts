/** Listings of the book compiled by our back end do what their shipped objects, clang's, do. */
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import { listingKey } from "../../lib/compile/compile.ts";
import { shippedObject } from "../../lib/compile/object_cache.ts";
import { loadObject } from "../../lib/object/load.ts";
import { shippedListings } from "../../lib/tasks/shipped_listings.ts";
import { differences } from "./compare_objects.ts";
import { compileHere, noWasmClang } from "./wasm_compiler.ts";

/** Every one of `deno run -A tests/bench/compiler_bench.ts`; here those that chapters keep as files. */
const listings = shippedListings(projectFolder!).filter(({ options }) =>
  /\/notebooks\/progs$/.test(
    options.includeDirs?.[0] ?? "",
  )
);
/** Instructions, as a share of clang's. */
const MOST = 1.15;

describe("a listing of the book", () => {
  const test = noWasmClang ? it.skip : it;
  for (const { stem, source, options } of listings) {
    test(
      `${stem}: verdicts, results and operations are those of clang's object${noWasmClang ? ` (${noWasmClang})` : ""}`,
      { timeout: 60_000 },
      async () => {
        const shipped = await shippedObject(listingKey(source, options));
        const theirs = loadObject(shipped!, stem), ours = loadObject(await compileHere(source, options), stem);
        const found = (await differences(theirs, ours)).filter(({ what }) => what !== "order");
        expect(found).toEqual([]);
        const count = ({ programs }: typeof ours) => programs.reduce((sum, { insns }) => sum + insns.length, 0);
        expect(count(ours)).toBeLessThanOrEqual(count(theirs) * MOST);
      },
    );
  }
});
