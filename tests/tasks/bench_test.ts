/** Benches of the live book: their addresses, and the code that they have run. */
import { describe, expect, it } from "vitest";
import { projectFolder } from "../../lib/compile/folders.ts";
import { parseNotebook } from "../../lib/jupyter/notebook_file.ts";
import { benchCell } from "../../lib/tasks/book/live/bench/cells.ts";
import { examples } from "../../lib/tasks/book/live/bench/examples.ts";
import { type BenchState, type Example, FIRST, fromHash, toHash } from "../../lib/tasks/book/live/bench/link.ts";

const BOOK: readonly Example[] = [
  { name: "race", title: "race.bpf.c", group: "Listings", source: "int counter;" },
  { name: "atomic", title: "atomic.bpf.c", group: "Listings", source: "int other;" },
];
const state = (of: Partial<BenchState>): BenchState => ({ ...FIRST, source: "int counter;", ...of });

describe("a bench's address", () => {
  it("brings back what stands on the bench", async () => {
    const states = [
      state({}),
      state({ view: "replay", schedule: "0 1*2 0", cpus: 3, invocations: 1, seed: 0 }),
      state({ source: '// own "text" é\nint mine;\n'.repeat(200), view: "explore" }),
      state({ workload: '{ "programs": ["a"] }' }),
      state({ source: "", object: Uint8Array.from({ length: 4000 }, (_, i) => i & 255) }),
    ];
    for (const one of states) {
      const hash = await toHash(one, BOOK);
      expect(hash).toMatch(/^[\w=&~.*+-]+$/);
      expect(hash.length).toBeLessThan(2000);
      expect(await fromHash(`#${hash}`, BOOK)).toEqual({ state: one });
    }
    expect(await toHash(state({ view: "replay", schedule: "0 1*2 0" }), BOOK)).toMatch(
      /^listing=race~[\da-f]{8}&view=replay&schedule=0\.1\*2\.0$/,
    );
  });

  it("can be written by hand, and says when the book's listing is another one by now", async () => {
    const { state: found, note } = await fromHash("#listing=atomic&view=play", BOOK);
    expect([found.source, found.view, found.cpus, note]).toEqual(["int other;", "play", 2, undefined]);
    expect((await fromHash("", BOOK)).state).toEqual(state({}));
    const changed = [{ ...BOOK[0], source: "int counter, more;" }];
    expect((await fromHash(await toHash(state({}), BOOK), changed)).note).toContain("has changed");
  });

  it("says what is wrong with it", async () => {
    await expect(fromHash("#view=dance", BOOK)).rejects.toThrow('the view "dance"');
    await expect(fromHash("#cpus=many", BOOK)).rejects.toThrow("cpus=many");
    await expect(fromHash("#cpus=513", BOOK)).rejects.toThrow("up to 512");
    await expect(fromHash("#invocations=0", BOOK)).rejects.toThrow("invocations=0");
    await expect(fromHash("#listing=gone", BOOK)).rejects.toThrow("no listing gone");
    await expect(fromHash("#c=%%%", BOOK)).rejects.toThrow("damaged");
    await expect(fromHash("#c=Bw", BOOK)).rejects.toThrow("damaged");
  });

  it("does not unpack more than a listing", async () => {
    const deflated = await new Response(
      new Blob([new Uint8Array(3_000_000)]).stream().pipeThrough(new CompressionStream("deflate-raw")),
    ).arrayBuffer();
    const text = btoa(String.fromCharCode(...new Uint8Array(deflated))).replaceAll("+", "-").replaceAll("/", "_");
    await expect(fromHash(`#c=${text.replace(/=+$/, "")}`, BOOK)).rejects.toThrow("more than a listing");
  });
});

describe("a bench's code", () => {
  it("has texts of the state in literals and files only", () => {
    const evil = '"; throw new Error("run"); //`${alert(1)}';
    for (const view of ["run", "replay", "explore", "play", "verify"] as const) {
      const { code, texts } = benchCell(state({ view, source: evil, schedule: evil, workload: evil }));
      expect(texts).toEqual({ "bench.bpf.c": evil, "workload.json": evil });
      expect(code.replace(JSON.stringify(evil), "")).not.toContain("alert");
      expect(() => new Function("importModule", `return async () => {${code}}`)).not.toThrow();
    }
  });

  it("searches and plays few runs, and runs as many as are asked for", () => {
    const searched = (view: BenchState["view"]) => benchCell(state({ view, invocations: 1000 })).code;
    expect(searched("explore")).toContain('"invocations":1}');
    expect(benchCell(state({ view: "play", invocations: 3 })).code).toContain('"invocations":3');
    expect(searched("run")).toContain('"invocations":1000');
  });
});

describe("the listings of a bench", () => {
  it("are those of the book, with the headings that they stand under", () => {
    const cell = (cell_type: string, source: string, id: string) => ({
      ...{ cell_type, source, id, metadata: {} },
      ...(cell_type === "code" && { outputs: [], execution_count: null }),
    });
    const cells = [cell("markdown", "# 00 · One\n\n## `Two`", "a"), cell("code", "", "b")];
    const notebook = parseNotebook(JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }), "x");
    const found = examples(projectFolder!, new Map([["00_start", notebook]]));
    expect(found[0].group).toBe("Listings of the document");
    expect(found.map(({ name }) => name)).toContain("race");
    expect(found.find(({ name }) => name === "00_start_cell_2")).toMatchObject({
      group: "00 · One",
      title: "Two: sys_enter_count",
    });
    expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
  });
});
