/**
 * `deno run -A tests/bench/compiler_bench.ts [--generated N]`: clang as WebAssembly with our back end, held to the shipped
 * objects of all listings, and to clang for N generated programs: time, bytes fetched, instruction counts, what differs.
 */
import { statSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { compileWith } from "../../lib/compile/clang.ts";
import { type CompileOptions, listingKey, prepare } from "../../lib/compile/compile.ts";
import { CompileError } from "../../lib/compile/compile_error.ts";
import { findCompiler } from "../../lib/compile/compiler.ts";
import { projectFolder } from "../../lib/compile/folders.ts";
import { shippedObject, shippedRefusal } from "../../lib/compile/object_cache.ts";
import { fetchWasmClang, loadWasmClang } from "../../lib/compile/wasm_package.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { loadObject, type LoadOptions } from "../../lib/object/load.ts";
import { shippedListings } from "../../lib/tasks/shipped_listings.ts";
import { differences } from "../codegen/compare_objects.ts";
import { generateListing, print } from "../codegen/generated_c.ts";

/** Counts of what came out, and instruction counts as shares of clang's. */
class Tally {
  readonly #counts = new Map<string, number>();
  readonly #ratios: { readonly ratio: number; readonly name: string }[] = [];
  readonly timesMs: number[] = [];
  #theirs = 0;
  #ours = 0;

  count(what: string, example?: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
    if (example !== undefined) console.log(`${what}: ${example}`);
  }

  async compare(name: string, theirs: BpfObject, ours: BpfObject): Promise<void> {
    const size = ({ programs }: BpfObject) => programs.reduce((sum, { insns }) => sum + insns.length, 0);
    this.#theirs += size(theirs);
    this.#ours += size(ours);
    this.#ratios.push({ ratio: size(ours) / size(theirs), name });
    const found = await differences(theirs, ours);
    this.count(found.length === 0 ? "the same" : `other ${[...new Set(found.map(({ what }) => what))].join(", ")}`);
    for (const { program, what, theirs, ours } of found.filter(({ what }) => what !== "order")) {
      const at = [...theirs].findIndex((character, index) => character !== ours[index]);
      const part = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 30), at + 70));
      console.log(`${name}, ${program}, ${what}: clang ${part(theirs)}, ours ${part(ours)}`);
    }
  }

  print(title: string): void {
    const ratios = this.#ratios.toSorted((a, b) => a.ratio - b.ratio), times = this.timesMs.toSorted((a, b) => a - b);
    const at = (share: number) =>
      ratios[Math.min(ratios.length - 1, Math.floor(ratios.length * share))]?.ratio.toFixed(3);
    console.log(`\n${title}`);
    for (const [what, count] of this.#counts) console.log(`  ${what}: ${count}`);
    console.log(`  instructions: ${this.#ours}, clang ${this.#theirs}: ${(this.#ours / this.#theirs).toFixed(3)}`);
    console.log(`  by object: 5 % ${at(0.05)}, median ${at(0.5)}, 95 % ${at(0.95)}`);
    for (const { ratio, name } of ratios.filter(({ ratio }) => Math.abs(ratio - 1) > 0.15)) {
      console.log(`  beyond 15 %: ${ratio.toFixed(2)} ${name}`);
    }
    const middle = times[times.length >> 1], most = times.at(-1) ?? 0;
    console.log(`  time to compile: median ${middle?.toFixed(0)} ms, longest ${most.toFixed(0)} ms`);
  }
}

const { values: { generated, from } } = parseArgs({
  options: { generated: { type: "string", default: "0" }, from: { type: "string", default: "1" } },
});
const compiler = await fetchWasmClang();
const started = performance.now();
await loadWasmClang(compiler);
console.log(
  `module: ${(statSync(compiler.command).size / 1e6).toFixed(1)} MB, made in ${
    Math.round(performance.now() - started)
  } ms`,
);

async function compileOurs(tally: Tally, source: string, options: CompileOptions): Promise<Uint8Array> {
  const started = performance.now();
  const bytes = await compileWith(compiler, prepare(source, options));
  tally.timesMs.push(performance.now() - started);
  return bytes;
}

async function listings(): Promise<void> {
  const tally = new Tally(), options: LoadOptions = { kconfig: {} };
  for (const listing of shippedListings(projectFolder!)) {
    const key = listingKey(listing.source, listing.options), shipped = await shippedObject(key);
    const name = `${listing.stem}.${key}`;
    try {
      const bytes = await compileOurs(tally, listing.source, listing.options);
      if (!shipped) tally.count("only clang refuses", name);
      else {
        const [theirs, ours] = [shipped, bytes].map((object) =>
          loadObject(object, listing.stem, listing.source, options)
        );
        await tally.compare(name, theirs, ours);
      }
    } catch (error) {
      if (!(error instanceof CompileError)) tally.count("not loaded", `${name}: ${(error as Error).message}`);
      else if (await shippedRefusal(key)) tally.count("both refuse");
      else tally.count("only ours refuses", `${name}: ${error.diagnostics[0].message}`);
    }
  }
  tally.print("Listings of the tree, against their shipped objects");
}

async function programs(first: number, count: number): Promise<void> {
  const clang = await findCompiler(), tally = new Tally();
  for (let seed = first; seed < first + count; seed++) {
    const { tree, cpu } = generateListing(seed, 5), source = print(tree);
    const compiled = async (make: () => Promise<Uint8Array>) => {
      try {
        return loadObject(await make(), `seed ${seed}`);
      } catch (error) {
        if (error instanceof CompileError) return error.diagnostics[0].message;
        throw error;
      }
    };
    const theirs = await compiled(() => compileWith(clang, prepare(source, { cpu })));
    const ours = await compiled(() => compileOurs(tally, source, { cpu }));
    if (typeof theirs !== "string" && typeof ours !== "string") await tally.compare(`seed ${seed}`, theirs, ours);
    else if (typeof theirs === typeof ours) tally.count("both refuse");
    else if (typeof ours === "string") tally.count("only ours refuses", `seed ${seed}: ${ours}`);
    else tally.count("only clang refuses", `seed ${seed}: ${theirs}`);
  }
  tally.print(`Generated programs, seeds ${first} to ${first + count - 1}, against ${clang.name}`);
}

if (Number(generated) > 0) await programs(Number(from), Number(generated));
else await listings();
process.exit(0);
