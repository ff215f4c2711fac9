/** Litmus tests on the machine: what the running kernel and threads do is within what the models allow. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { arrangements, Arrays, TURNS } from "../../lib/backends/litmus/arrays.ts";
import { RECORDED_TESTS, recordedLitmus } from "../../lib/backends/recorded/litmus.ts";
import { litmus } from "../../lib/search/litmus/litmus.ts";
import { parseLitmus } from "../../lib/search/litmus/parse.ts";
import { formatState } from "../../lib/search/litmus/run.ts";

const file = new URL("../search/data/ordering/herd7.json", import.meta.url);
const { tests }: { tests: { source: string }[] } = JSON.parse(readFileSync(file, "utf8"));
const named = (name: string) => tests.map(({ source }) => source).find((source) => parseLitmus(source).name === name)!;

/** Short ones of two threads; a computer of two CPUs has one for each. */
const TESTS = [
  "SB+po+po",
  "SB+fetch+fetch",
  "SB+rel-acq+rel-acq",
  "MP+po+po",
  "MP+rel+acq",
  "LB+data+data",
  "R+po+fetch",
  "S+rel+data",
  "2+2W+po",
  "CoRR",
  "adds",
  "xchg",
  "atomic-cas2",
];

async function kernel(): Promise<string | undefined> {
  if (typeof Deno === "undefined") return "the running kernel is reached by Deno's FFI";
  const { linuxAvailable } = await import("../../lib/backends/linux/available.ts");
  const availability = linuxAvailable();
  return availability.available ? undefined : availability.reason;
}

const lacking = await kernel();
const onKernel = lacking === undefined ? it : it.skip;

describe(`the running kernel${lacking === undefined ? "" : ` (skipped: ${lacking})`}`, () => {
  onKernel("does only what the BPF model allows, and x86 only what total store order allows", async () => {
    const { litmusOn } = await import("../../lib/backends/litmus/litmus_on.ts");
    const memory = process.arch === "x64" ? "x86" : "bpf";
    for (const name of TESTS) {
      const { outside, runs, states } = await litmusOn(named(name), {
        on: "linux",
        memory,
        times: 8 * TURNS,
        seconds: 20,
      });
      expect({ name, outside }).toEqual({ name, outside: [] });
      expect(states.reduce((sum, { count }) => sum + count, 0)).toBe(runs);
      expect(runs).toBeGreaterThanOrEqual(8 * TURNS);
    }
  });

  onKernel(
    "names an outcome that the model does not allow: store buffering beside sequential consistency",
    async () => {
      if (process.arch !== "x64" || navigator.hardwareConcurrency < 2) return;
      const { litmusOn } = await import("../../lib/backends/litmus/litmus_on.ts");
      const { litmusOnText } = await import("../../lib/backends/litmus/measure.ts");
      const measured = await litmusOn(named("SB+po+po"), { on: "linux", memory: "sc", times: 200_000, seconds: 20 });
      expect(measured.outside).toEqual(["0:r1=0; 1:r1=0;"]);
      expect(litmusOnText(measured)).toContain("FAILED: a run ended in 0:r1=0; 1:r1=0; which sc does not allow");
    },
  );

  onKernel("refuses what it cannot run, with the reason", async () => {
    const { litmusOn } = await import("../../lib/backends/litmus/litmus_on.ts");
    const outside = named("outside").replace("~exists", "exists");
    await expect(litmusOn(outside, { on: "linux" })).rejects.toThrow(/the kernel's verifier refuses P0: /);
  });
});

const onThreads = typeof Deno === "undefined" ? it.skip : it;
describe(`threads${typeof Deno === "undefined" ? " (skipped: they need Deno)" : ""}`, () => {
  onThreads("do only what the BPF model allows", async () => {
    const { litmusOn } = await import("../../lib/backends/litmus/litmus_on.ts");
    for (const name of ["SB+po+po", "SB+fetch+fetch", "MP+rel+acq", "adds"]) {
      const { outside, runs } = await litmusOn(named(name), { on: "threads", times: 4 * TURNS, seconds: 20 });
      expect({ name, outside }).toEqual({ name, outside: [] });
      expect(runs).toBeGreaterThan(0);
    }
  });
});

describe("the arrays", () => {
  const file = parseLitmus(`BPF t
{ int32_t a[3]={1,2,3}; x=5; 0:r1=x; 0:r2=a; }
P0 ;
r3 = *(u64 *)(r1 + 0) ;
locations [a; x;]
exists (0:r3=5)
`);
  it("have a cell of their own for every turn, whatever the stride and the order", () => {
    for (const arrangement of arrangements(file.memory.size)) {
      const arrays = new Arrays(file, arrangement), memory = arrays.initial();
      const place = arrays.places.get("x")!, cells = new Set<number>();
      for (let turn = 0; turn < TURNS; turn++) {
        const cell = (turn * place.factor) & (TURNS - 1), at = place.offset + (cell << place.shift);
        cells.add(at);
        memory[at] = turn & 0xff;
        expect(formatState(file, arrays.state(memory, turn))).toBe(`0:r3=0; a={1,2,3}; [x]=${turn & 0xff};`);
      }
      expect(cells.size).toBe(TURNS);
    }
  });
});

describe("the recorded litmus tests", () => {
  const chapter = readFileSync(new URL("../../notebooks/08_ordering.ipynb", import.meta.url), "utf8");
  for (const test of RECORDED_TESTS) {
    const { name } = parseLitmus(test),
      machines = (["linux", "threads"] as const).map((on) => recordedLitmus(test, on)!);
    // Of this one the chapter has a listing instead, and finds its figures by the name.
    it(`${name}: chapter 08 has it to the letter, or it would not be found`, () => {
      if (name === "SB+fetch") return expect(chapter).toContain(`test: \\"${name}\\"`);
      for (const line of test.split("\n")) {
        expect(chapter).toContain(JSON.stringify(line.replaceAll("\\", "\\\\")).slice(1, -1));
      }
    });
    it(`${name}: x86 allows every state that the kernel and threads ended in, and the runs are all counted`, async () => {
      const model = await litmus(test, { memory: "x86", explain: false });
      const allowed = model.states.map((state) => formatState(model.file, state));
      for (const recorded of machines) {
        for (const { state } of recorded.states) expect(allowed).toContain(state);
        expect(recorded.states.reduce((sum, { count }) => sum + count, 0)).toBe(recorded.runs);
        expect(recorded.states.some(({ holds }) => holds)).toBe(model.observation === "Sometimes");
      }
    });
  }
  it("are found by their names, and on each machine", () => {
    expect(recordedLitmus("SB", "threads")!.on).toMatch(/^threads/);
    expect(recordedLitmus("SB")!.on).toMatch(/^kernel/);
    expect(recordedLitmus("MP")!.test.split("\n")[0]).toBe("BPF MP");
  });
  it("are the only ones", () => expect(recordedLitmus("BPF other")).toBe(undefined));
});
