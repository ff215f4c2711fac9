/** What `show` makes of verdicts, comparisons and searches: forms, and the figure below a report. */
import { describe, expect, it } from "vitest";
import { type ComparedRun, Comparison } from "../../lib/backends/compare.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { toBundle, witnessFigure } from "../../lib/jupyter/show.ts";
import { timeline } from "../../lib/plot/timeline.ts";
import { explore } from "../../lib/search/explore.ts";
import { litmus } from "../../lib/search/litmus/litmus.ts";
import { verify } from "../../lib/verifier/verify.ts";

const racy = await bpf`
volatile int counter;

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	counter += 1;
	return 0;
}
`;

describe("verdicts of the verifier on a page", () => {
  it("say what is refused, at which line, by which rule, and what helps", async () => {
    const pointer = await bpf`int x; SEC("raw_tp") int leak(void *ctx) { return *(int *)(long)x; }`;
    const { "text/markdown": page, "text/plain": plain } = await toBundle(verify(pointer));
    expect(page).toContain('<span style="color:#d5401f">✗</span> **leak (`raw_tp`): refused, EACCES.**');
    expect(page).toContain("```text\nR1 invalid mem access 'scalar'\n```");
    expect(page).toMatch(/At `.*: int x; SEC\("raw_tp"\) int leak/);
    expect(page).toMatch(/- \*\*Rule\.\*\* .*\n- \*\*What to do\.\*\* /);
    expect(plain).toMatch(/^leak \(raw_tp\): refused by the rules of 6\.18/);
  });

  it("name what is accepted, one or several", async () => {
    const accepted = verify(racy);
    for (const given of [accepted, accepted[0]]) {
      expect((await toBundle(given))["text/markdown"]).toMatch(
        /✓<\/span> \*\*sys\\_enter\\_count \(`tp_btf\/sys_enter`\): acc/,
      );
    }
    expect((await toBundle([]))["text/plain"]).toBe("[]");
  });
});

describe("a comparison on a page", () => {
  it("puts the sentence first, and gives no green sign for what only did not happen", async () => {
    const row: ComparedRun = { machine: "simulator", kind: "simulated", on: "a_b", observation: "Never", how: "" };
    const conditions = ["memory: any"];
    const comparison = new Comparison("x.bpf.c", [{ ...row, conditions }, {
      machine: "linux",
      skipped: "no <kernel>",
    }]);
    const { "text/markdown": page, "text/plain": plain } = await toBundle(comparison);
    expect(page).toContain('| simulator | <span style="color:#a86f00">◐</span> Never |  |  | simulated: a\\_b |');
    expect(page).toContain("- linux: no \\<kernel\\>");
    expect(page).toMatch(/<details><summary>Conditions of the simulator[^]*- memory: any/);
    expect(plain).toBe(String(comparison));
  });
});

describe("a litmus test on a page", () => {
  const test = (condition: string) =>
    `BPF SB
{ 0:r1=x; 0:r2=y; 1:r1=x; 1:r2=y; }
P0 | P1 ;
*(u32 *)(r1 + 0) = 1 | *(u32 *)(r2 + 0) = 1 ;
r3 = *(u32 *)(r2 + 0) | r3 = *(u32 *)(r1 + 0) ;
${condition} (0:r3=0 /\\ 1:r3=0)`;

  it("says in how many states the condition holds, and colours only what must not be", async () => {
    const page = async (condition: string, memory: "sc" | "x86") =>
      (await toBundle(await litmus(test(condition), { memory })))["text/markdown"] as string;
    const seen = await page("exists", "x86");
    expect(seen).toContain("\n**Sometimes.** In 1 of 4 final states the condition holds: `exists");
    expect(seen).toContain("| `0:r3=0; 1:r3=0;` | holds |");
    expect(seen.split("<details>")[1]).toContain("Observation SB Sometimes");
    expect(await page("~exists", "x86")).toMatch(/✗<\/span> \*\*.*[^]*\| <span [^|]*>✗<\/span> \*\*holds\*\* \|/);
    expect(await page("~exists", "sc")).toMatch(/✓<\/span> \*\*/);
  });
});

describe("the figure below a search", () => {
  it("is the timeline of its witness, with a lane for every CPU that takes part", async () => {
    const found = await explore(racy, { cpus: 4, invocations: 2 });
    const figure = (await witnessFigure(found))!;
    expect(Object.keys(figure.data).sort()).toEqual(["image/png", "image/svg+xml", "text/plain"]);
    for (const cpu of ["CPU 0", "CPU 1", "CPU 2", "CPU 3"]) expect(figure.data["text/plain"]).toContain(cpu);
    const long = timeline(found.witness!, { around: { from: 0, to: 4 } });
    expect(long.text.match(/CPU \d/g)).toEqual(expect.arrayContaining(["CPU 0", "CPU 3"]));
  });

  it("is not there for a proof, nor for what is no search", async () => {
    const atomic = await bpf`int c; SEC("raw_tp") int add(void *ctx) { __sync_fetch_and_add(&c, 1); return 0; }`;
    expect(await witnessFigure(await explore(atomic, {}))).toBe(undefined);
    expect(await witnessFigure({ outcomes: 1 })).toBe(undefined);
    expect(await witnessFigure("text")).toBe(undefined);
  });
});

describe("a text", () => {
  it("is shown as Markdown that may be broken anywhere, where its lines are sentences", async () => {
    const text = "2 CPUs end at *1* or 2.\n4. never\n- the rest";
    expect(await toBundle(text)).toEqual({
      "text/plain": text,
      "text/markdown": "2 CPUs end at \\*1\\* or 2.\\\n4\\. never\\\n\\- the rest",
    });
  });

  for (
    const [what, text] of [
      ["columns", "add   returns 10\nsub   returns 9"],
      ["code", "if (x)\n\treturn 0;"],
      ["instructions", "0: (61) r1 = *(u32 *)(r1 +0)"],
      ["a compiler's message", "x.c:1:5: error: expected ';'\n    int x\n         ^"],
    ]
  ) {
    it(`of ${what} stays as it is laid out`, async () => {
      expect(await toBundle(text)).toEqual({ "text/plain": text });
    });
  }
});
