/** Litmus tests: states worked out by hand, states by brute force, files that cannot be read. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LitmusError } from "../../lib/search/litmus/litmus_file.ts";
import { parseLitmus } from "../../lib/search/litmus/parse.ts";
import { litmusJson, litmusText } from "../../lib/search/litmus/report.ts";
import { runLitmus } from "../../lib/search/litmus/run.ts";

const folder = new URL("./data/litmus/", import.meta.url);
const read = (name: string) => readFileSync(new URL(`${name}.litmus`, folder), "utf8");
const run = async (source: string) =>
  litmusJson(await runLitmus(parseLitmus(source))) as { states: string[]; observation: string; complete: boolean };

describe("states that are known by hand", () => {
  const { tests } = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8"));
  for (const [name, expected] of Object.entries<{ states: string[]; observation: string }>(tests)) {
    it(name, async () => {
      const found = await run(read(name));
      expect(found.states).toEqual(expected.states);
      expect(found.observation).toBe(expected.observation);
      expect(found.complete).toBe(true);
    });
  }

  it("IRIW: 15 of the 16 states", async () => {
    const found = await run(read("IRIW"));
    expect(found.states.length).toBe(15);
    expect(found.states).not.toContain("1:r2=1; 1:r3=0; 3:r2=1; 3:r3=0;");
    expect(found.observation).toBe("Never");
  });
});

it("with the store buffers of x86, SB has its fourth state and is no longer Never", async () => {
  const found = await runLitmus(parseLitmus(read("SB")), {}, { memory: "x86" });
  expect([found.states.length, found.observation, found.memory.model]).toEqual([4, "Sometimes", "x86"]);
  const passing = await runLitmus(parseLitmus(read("MP")), {}, { memory: "x86" });
  expect([passing.states.length, passing.observation]).toEqual([3, "Never"]);
});

it("prints what herd7 prints, and under which conditions", async () => {
  expect(litmusText(await runLitmus(parseLitmus(read("MP"))))).toBe(`Test MP Forbidden
States 3
1:r3=0; 1:r4=0;
1:r3=0; 1:r4=1;
1:r3=1; 1:r4=1;
Ok
Witnesses
Positive: 3 Negative: 0
Condition ~exists (1:r3=1 /\\ 1:r4=0)
Observation MP Never 0 3
Conditions:
  memory: sc (an idealisation: every store is in memory at once, which holds on no machine)
  bounds: none was hit`);
});

/** A step of the brute force: column `proc` adds to, sets or reads a place. */
type Step = { readonly op: "load" | "store" | "add" | "lock"; readonly place: number; readonly value: number };

const PLACES = ["x", "y"];

function asLitmus(columns: readonly (readonly Step[])[]): string {
  const cell = ({ op, place, value }: Step, i: number) => {
    const at = `(u64 *)(r${8 + place} + 0)`;
    if (op === "load") return `r${1 + i} = *${at}`;
    if (op === "store") return `*${at} = ${value}`;
    if (op === "lock") return `lock *${at} += r0`;
    return `r${1 + i} = atomic_fetch_add(${at}, r${1 + i})`;
  };
  const init = columns.flatMap((steps, p) => [
    `${p}:r0=1; ${p}:r8=x; ${p}:r9=y;`,
    ...steps.map((step, i) => step.op === "add" ? `${p}:r${1 + i}=${step.value};` : ""),
  ]);
  const rows = Math.max(...columns.map((steps) => steps.length));
  const lines = Array.from(
    { length: rows },
    (_, i) => columns.map((steps) => steps[i] ? cell(steps[i], i) : "").join(" | ") + " ;",
  );
  const registers = columns.flatMap((steps, p) =>
    steps.flatMap((step, i) => step.op === "load" || step.op === "add" ? [`${p}:r${1 + i};`] : [])
  );
  return `BPF generated\n{ ${init.join("\n")} }\n${columns.map((_, p) => `P${p}`).join(" | ")} ;\n${
    lines.join("\n")
  }\nlocations [${registers.join(" ")} x; y;]\nexists (x=0)\n`;
}

/** Every merge of the columns, one after another. */
function bruteForce(columns: readonly (readonly Step[])[]): Set<string> {
  const states = new Set<string>(), memory = [0, 0], at = columns.map(() => 0);
  const registers = new Map<string, number>();
  const visit = (): void => {
    let ended = true;
    columns.forEach((steps, p) => {
      const step = steps[at[p]];
      if (!step) return;
      ended = false;
      const before = memory[step.place], name = `${p}:r${1 + at[p]}`;
      at[p]++;
      if (step.op === "load" || step.op === "add") registers.set(name, before);
      if (step.op === "store") memory[step.place] = step.value;
      if (step.op === "add") memory[step.place] += step.value;
      if (step.op === "lock") memory[step.place] += 1;
      visit();
      at[p]--;
      memory[step.place] = before;
    });
    if (!ended) return;
    const names = [...registers.keys()].sort();
    states.add([...names.map((name) => `${name}=${registers.get(name)};`), `[x]=${memory[0]};`, `[y]=${memory[1]};`]
      .join(" "));
  };
  visit();
  return states;
}

it("finds exactly the states of all merges of the columns", async () => {
  const step = fc.record<Step>({
    op: fc.constantFrom("load", "store", "add", "lock"),
    place: fc.nat({ max: PLACES.length - 1 }),
    value: fc.integer({ min: 1, max: 3 }),
  });
  const columns = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(columns, async (columns) => {
      const found = await run(asLitmus(columns));
      expect(new Set(found.states)).toEqual(bruteForce(columns));
      expect(found.states.length).toBe(new Set(found.states).size);
    }),
    { numRuns: 25, seed: 6 },
  );
});

describe("a file that cannot be read: the line and the reason", () => {
  const file = (row: string, init = "0:r1=x;", tail = "exists (x=0)") =>
    `BPF t\n{\n${init}\n}\nP0 ;\n${row} ;\n${tail}\n`;
  const cases = [
    { source: "", line: 1, reason: /architecture/ },
    { source: "AArch64 MP\n{ }\n", line: 1, reason: /AArch64/ },
    { source: "BPF MP\nP0 ;\n", line: 3, reason: /init block/ },
    { source: file("r1 = frob(r2)"), line: 6, reason: /no BPF instruction.*frob/ },
    { source: file("r11 = 1"), line: 6, reason: /r11 is no BPF register/ },
    { source: file("goto NOWHERE"), line: 6, reason: /no label NOWHERE/ },
    { source: file("r1 = 1 | r2 = 2"), line: 6, reason: /2 cells.*1 column/ },
    { source: file("r1 = 1", "0:w1=x;"), line: 3, reason: /w1 is no BPF register/ },
    { source: file("r1 = 1", "1:r1=x;"), line: 2, reason: /P1, which has no column/ },
    { source: file("r1 = 1", "0:r1=x", "exists (x 0)"), line: 7, reason: /= is expected, not 0/ },
    { source: file("r1 = 1", "0:r1=x", "exists (x=0"), line: 7, reason: /\) is expected/ },
    { source: file("r1 = 1 (* open"), line: 6, reason: /does not end/ },
  ];
  for (const { source, line, reason } of cases) {
    it(`${reason}`, () => {
      let error: unknown;
      try {
        parseLitmus(source);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(LitmusError);
      expect((error as LitmusError).line).toBe(line);
      expect((error as LitmusError).reason).toMatch(reason);
    });
  }
});
