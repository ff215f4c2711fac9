/** Listings as readers edit them: what the compiler of a page makes of them, against clang with its own back end. */
import { afterAll, describe, expect, it } from "vitest";
import { compileWith } from "../../lib/compile/clang.ts";
import { prepare } from "../../lib/compile/compile.ts";
import { CompileError } from "../../lib/compile/compile_error.ts";
import { findCompiler } from "../../lib/compile/compiler.ts";
import { CompilerMissingError } from "../../lib/compile/compiler_missing.ts";
import { compileInWasm } from "../../lib/compile/wasm_compile.ts";
import { fetchWasmClang, loadWasmClang } from "../../lib/compile/wasm_package.ts";
import { explore } from "../../lib/search/explore.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { ObjectError } from "../../lib/object/object_error.ts";
import { loadObject } from "../../lib/object/load.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { differences } from "./compare_objects.ts";
import { editedListing, pageEdits } from "./page_edits.ts";

const NAMES = { system: new Map<string, string>(), systemFolders: [], kernelHeader: undefined };
/** Two CPUs of a chapter's program need a few hundred states; what needs more than these is only compared CPU by CPU. */
const MOST_STATES = 10_000;
const MOST_SECONDS = 240, LIMIT_MS = 900_000;

type Made = { readonly object: BpfObject } | { readonly refusal: CompileError | ObjectError };

async function made(source: string, work: Promise<Uint8Array>): Promise<Made> {
  try {
    return { object: loadObject(await work, "the listing", source) };
  } catch (error) {
    if (error instanceof CompileError || error instanceof ObjectError) return { refusal: error };
    throw error;
  }
}

const numbered = (text: string): string => text.replace(/\binsn \d+|\b[rRw]\d+\b|#\d+/g, "N");
const shown = (value: unknown): string => JSON.stringify(value, (_, one) => typeof one === "bigint" ? `${one}` : one);

/** How two runs at a time can end, and what the reader is told of it; undefined where a bound was hit. */
async function ends(object: BpfObject, programs: string[] | undefined, states: number): Promise<string[] | undefined> {
  try {
    const all = await explore(object, {
      ...{ cpus: 2, invocations: 1, programs },
      bounds: { states, seconds: MOST_SECONDS },
    });
    // What was seen until then depends on the way that the search took.
    if (!all.complete) return undefined;
    return [
      all.observation,
      ...all.outcomes.map(({ values, returned, anomaly }) => shown([values, returned, anomaly])).sort(),
      ...all.stuck.map(({ kind, message }) => `${kind}: ${numbered(message)}`).sort(),
      ...(all.verdicts ?? []).map(({ kind, what }) => `${kind}: ${numbered(what)}`).sort(),
    ];
  } catch (error) {
    return [numbered((error as Error).message.split("\n")[0])];
  }
}

/** The ends of both objects; where one of them hits the bound by a little, of a larger search. */
async function endsOfBoth(theirs: BpfObject, ours: BpfObject, programs: string[] | undefined) {
  for (const states of [MOST_STATES, 10 * MOST_STATES]) {
    const they = await ends(theirs, programs, states), we = await ends(ours, programs, states);
    if ((they === undefined) === (we === undefined)) return { they, we };
  }
  throw new Error("one of the two searches hits a bound, the other does not");
}

const verdicts = (object: BpfObject): string[] =>
  object.programs.map(({ name }) => {
    const [{ verdict, message }] = verify(object, { program: name });
    return `${name} ${verdict} ${verdict === "accept" ? "" : numbered(message)}`;
  });

/** The first error: a version of clang may find more that follows from it than another one. */
function told(refusal: CompileError | ObjectError): { place: string; words: string } {
  if (refusal instanceof ObjectError) return { place: "", words: refusal.message };
  const { line, header, message } = refusal.diagnostics.find(({ severity }) => severity === "error")!;
  return { place: `${header ?? ""}:${line}`, words: message };
}

const native = await findCompiler().catch(() => undefined);
const wasm = await fetchWasmClang().then(loadWasmClang).catch((error) => {
  if (error instanceof CompilerMissingError) return undefined;
  throw error;
});

if (!native || native.isWebAssembly || !wasm) {
  it.skip(`listings that readers edit (skipped: ${wasm ? "no clang to compare with" : "no network"})`, () => {});
} else {
  describe(`listings that readers edit, by ${wasm.name} and by ${native.name}`, () => {
    it("are some of every chapter", () => {
      const chapters = new Map<string, number>();
      for (const { chapter } of pageEdits()) chapters.set(chapter, (chapters.get(chapter) ?? 0) + 1);
      expect(chapters.size).toBe(11);
      expect(Math.min(...chapters.values())).toBeGreaterThanOrEqual(5);
      expect(pageEdits().length).toBeGreaterThanOrEqual(60);
    });

    const refused: string[] = [], moved: string[] = [], large: string[] = [];
    afterAll(() => {
      console.log(`searches too large to be compared:\n  ${large.join("\n  ") || "none"}`);
      console.log(`refused by name:\n  ${refused.join("\n  ") || "none"}`);
      console.log(
        `operations in another order, or more of them, with the same ends:\n  ${moved.join("\n  ") || "none"}`,
      );
    });
    for (const edit of pageEdits()) {
      const { chapter, cell, find, replace } = edit;
      it(`${chapter} ${cell}: ${find.trim()} -> ${replace.trim() || "nothing"}`, { timeout: LIMIT_MS }, async () => {
        const { before, after } = editedListing(edit), listing = prepare(after, {});
        expect(after).not.toBe(before);
        const theirs = await made(after, compileWith(native, listing));
        const ours = await made(after, compileInWasm(wasm, listing, NAMES));
        if ("refusal" in theirs) {
          expect("refusal" in ours).toBe(true);
          if (!("refusal" in ours)) return;
          const [they, we] = [told(theirs.refusal), told(ours.refusal)];
          expect(we.place).toBe(they.place);
          if (!edit.says) return expect(we.words).toBe(they.words);
          expect(they.words).toContain(edit.says[0]);
          expect(we.words).toContain(edit.says[1]);
          return;
        }
        if ("refusal" in ours) {
          expect(told(ours.refusal).words).toBe(edit.refused);
          refused.push(`${chapter} ${cell}, ${replace.trim()}: ${edit.refused}`);
          return;
        }
        expect(verdicts(ours.object)).toEqual(verdicts(theirs.object));
        const differ = await differences(theirs.object, ours.object);
        expect(differ.filter(({ what }) => what !== "operations" && what !== "order")).toEqual([]);
        moved.push(...differ.map(({ program }) => `${chapter} ${cell}, ${replace.trim()}: ${program}`));
        const names = theirs.object.programs.map(({ name }) => name);
        for (const programs of [undefined, ...names.length > 1 ? names.map((name) => [name]) : []]) {
          const { they, we } = await endsOfBoth(theirs.object, ours.object, programs);
          expect([programs, we]).toEqual([programs, they]);
          if (they === undefined) large.push(`${chapter} ${cell}, ${replace.trim()}: ${programs ?? "all programs"}`);
        }
      });
    }
  });
}
