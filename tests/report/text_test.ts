import { describe, expect, it } from "vitest";
import { reportBundle } from "../../lib/report/bundle.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { coverageLines } from "../../lib/report/coverage.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";
import { formatState, herdReport, observationOf } from "../../lib/report/herd.ts";
import type { Result } from "../../lib/report/result.ts";
import { resultMarkdown, resultText, shareText } from "../../lib/report/text.ts";
import { textTable } from "../../lib/report/text_table.ts";
import { LOST } from "./traces.ts";

const RUN: Result = {
  machine: "simulator",
  program: "count",
  cpus: 4,
  invocations: 1000,
  seed: 1,
  serial: { counter: 4000n },
  final: { counter: 2718n },
  lost: 0.3205,
  printed: [],
  steps: 8000,
  insns: 36000,
  how: "simulated: 4 CPUs, 1000 runs on each, random schedule, seed 1",
};

describe("a result as text", () => {
  it("says on one screen what ran, what was expected, what was found and what is lost", () => {
    expect(resultText(RUN)).toBe([
      "count on 4 simulated CPUs, 1,000 runs on each",
      "Lost: 32 % of the updates.",
      "",
      "variable  one after another  found  difference",
      "--------  -----------------  -----  ----------",
      "counter               4,000  2,718      -1,282",
      "",
      "How: simulated: 4 CPUs, 1000 runs on each, random schedule, seed 1.",
    ].join("\n"));
  });

  it("shows of long values the bytes that differ, and of texts the text", () => {
    const record = (byte: string) => `${"00".repeat(20)}${byte}${"ff".repeat(47)}`,
      comm = "7461736b2d3100000000000000000000";
    const short = "0a".repeat(16);
    const text = resultText({
      ...RUN,
      serial: { event: record("01"), comm, short, "gone[1]": record("03") },
      final: { event: record("02"), comm: comm.replace("31", "32"), short: `${short.slice(0, -2)}0b` },
    });
    expect(text).toMatch(
      /event +\[16\] 0000000001ffffff\.\.\. of 68 bytes +\[16\] 0000000002ffffff\.\.\. of 68 bytes +differs/,
    );
    expect(text).toMatch(/comm +"task-1" +"task-2" +differs/);
    expect(text.replaceAll(/ +/g, " ")).toContain(`${short} ${short.slice(0, -2)}0b`);
    expect(text).toMatch(/gone\[1\] +\[0\] 0000000000000000\.\.\. of 68 bytes +differs/);
  });

  it("shows some entries of each map before many of one", () => {
    const events = Array.from({ length: 40 }, (_, i) => `events[${i}]`), others = ["hits", "start[7].ts"];
    const [serial, final] = [1n, 2n].map((value) =>
      Object.fromEntries([...events, ...others].map((name) => [name, value]))
    );
    const rows = resultText({ ...RUN, serial, final }).split("\n").filter((line) => / 1 +2 +1$/.test(line));
    expect(rows.map((row) => row.split(" ")[0])).toEqual([...events.slice(0, 14), ...others]);
  });

  it("leaves out lines of the compiler's own", () => {
    const branch = (text: string, never: string) => ({
      ...{ prog: "f", file: "f.c", line: 3, text },
      never: { prog: "f", file: "f.c", line: 4, text: never },
    });
    const oneWay = [branch("if (a)", ""), branch("if (b)", "return 1;"), branch("", "return 2;")];
    const text = coverageLines({
      contexts: 1,
      lines: { ran: 1, all: 4 },
      insns: { ran: 1, all: 4 },
      branches: { ran: 3, all: 6 },
      linesNeverRun: [],
      oneWay,
    }).join("\n");
    expect(text.match(/never led to/g)).toHaveLength(1);
    expect(text).toContain("`if (b)`");
  });

  it("names variables that would lead a branch the other way", async () => {
    const object = await bpf`
const volatile _Bool filter = 0;
long passed, seen, odd;
SEC("raw_tp") int look(void *ctx)
{
	seen++;
	if (seen > 5)
		odd++;
	if (filter)
		passed++;
	return 0;
}
`;
    const text = async (object: BpfObject) => resultText(await simulate(object, { cpus: 1, invocations: 1 }));
    expect(await text(object)).toContain(
      "which user space sets before it loads: filter (--set filter=1, variables: { filter: 1 })",
    );
    const set = bpf.object(object.bytes, "set", { variables: { filter: 1 } });
    expect(await text(set)).not.toContain("--set");
    expect(await text(set)).toMatch(/passed +1 +1/);
  });

  it("puts what differs first and only counts what does not fit", () => {
    const names = Array.from({ length: 40 }, (_, i) => `stats[${i}]`);
    const serial = Object.fromEntries(names.map((name) => [name, 1n]));
    const text = resultText({ ...RUN, serial, final: { ...serial, "stats[33]": 0n } });
    expect(text.split("\n")[5]).toMatch(/^stats\[33\]\s+1\s+0\s+-1$/);
    expect(text).toContain("and 24 more as expected");
    expect(text.split("\n").length).toBeLessThan(30);
  });

  it("does without a serial outcome", () => {
    const text = resultText({ ...RUN, serial: undefined, lost: 0 });
    expect(text).toContain("could not be computed");
    expect(text).toMatch(/counter\s+2,718/);
  });

  it("says so when nothing is lost, and when the end is another one all the same", () => {
    expect(resultText({ ...RUN, final: RUN.serial!, lost: 0 })).toContain("Nothing lost");
    expect(resultText({ ...RUN, final: { counter: 4001n }, lost: 0 })).toContain(
      "Nothing lost, but the end differs from the serial order 0, 1, 2, ...\n",
    );
    const dependent = { ...RUN, final: { counter: 3n }, lost: 0, orderDependent: ["counter", "not_shown"] };
    expect(resultText(dependent)).toContain("(counter depends on the order of runs, a clock or random numbers).");
    expect(resultText({ ...RUN, initial: RUN.final, serial: RUN.final, lost: 0 })).toContain("ends as it began");
  });

  it("names what a machine without a trace means by lost", () => {
    expect(resultText({ ...RUN, machine: "linux" })).toContain("short of one after another in either order");
  });

  it("ends with its conditions, and what ran", () => {
    const line = { prog: "count", file: "race.bpf.c", line: 7, text: "  if (!v)" };
    const coverage = {
      contexts: 4,
      lines: { ran: 3, all: 4 },
      insns: { ran: 8, all: 9 },
      branches: { ran: 1, all: 2 },
      linesNeverRun: [{ ...line, line: 8, text: "return 0;" }],
      oneWay: [{ ...line, never: { ...line, line: 8, text: "return 0;" } }],
    };
    const result = { ...RUN, conditions: ["memory: any", "contexts: all"], coverage };
    const end = "Conditions:\n  memory: any\n  contexts: all\nCoverage, over this run:\n" +
      "  3 of 4 C lines with code ran, 1 of 2 ways of conditional jumps were taken\n" +
      "  line 7, `if (!v)`, never led to line 8, `return 0;`";
    expect(resultText(result).endsWith(end)).toBe(true);
    expect(resultMarkdown(result)).toContain("*Conditions*\n\n- memory: any\n- contexts: all");
    expect(resultMarkdown(result)).toContain("- line 7, `if (!v)`, never led to line 8, `return 0;`");
  });

  it("shows a fault with its place", () => {
    const fault = {
      message: "store outside of stats",
      prog: "count",
      cpu: 3,
      insn: 12,
      text: "*(u64 *)(r1 +64) = r2",
      line: { file: "race.bpf.c", line: 9, text: "  s->x[8] = 1;" },
    };
    const text = resultText({ ...RUN, fault });
    expect(text).toContain("Fault: store outside of stats\n  in count on CPU 3, insn 12: *(u64 *)(r1 +64) = r2");
    expect(text).toContain("race.bpf.c:9: s->x[8] = 1;");
    expect(resultMarkdown({ ...RUN, fault })).toContain("```text\nFault: store outside of stats");
  });

  it("shows the first lines printed", () => {
    const text = resultText({ ...RUN, printed: Array.from({ length: 30 }, (_, i) => `line ${i}`) });
    expect(text).toContain("  line 9\n  ... 20 lines more");
  });

  it("never rounds to none or all", () => {
    expect([0, 0.0004, 0.004, 0.0949, 0.32, 0.996, 1].map(shareText))
      .toEqual(["0 %", "<0.1 %", "0.4 %", "9.5 %", "32 %", "99.6 %", "100 %"]);
  });

  it("is Markdown for notebooks, with names as code", () => {
    const bundle = reportBundle(RUN)!;
    expect(bundle["text/markdown"]).toContain("| `counter` | 4,000 | 2,718 | **-1,282** |");
    expect(bundle["text/markdown"]).toContain('<span style="color:#d5401f">✗</span> **Lost: 32 % of the updates.**');
    expect(resultMarkdown({ ...RUN, final: RUN.serial!, lost: 0 })).toContain("✓</span> **Nothing lost");
    expect(bundle["text/plain"]).toBe(resultText(RUN));
    expect(reportBundle({ counter: 1 })).toBeUndefined();
    expect(reportBundle("text")).toBeUndefined();
  });
});

describe("herd's form", () => {
  const states = [{ values: { counter: 1n }, positive: true }, { values: { counter: 2n }, positive: false }];

  it("lists the states of a search as herd7 does", () => {
    expect(herdReport({ name: "race", states, condition: "exists (counter=1)" })).toBe(
      "Test race\nStates 2\ncounter=1;\ncounter=2;\nOk\nWitnesses\nPositive: 1 Negative: 1\n" +
        "Condition exists (counter=1)\nObservation race Sometimes 1 1",
    );
  });

  it("counts runs as litmus7 does", () => {
    const counted = [{ ...states[0], count: 26 }, { ...states[1], count: 999_974 }];
    expect(herdReport({ name: "race", states: counted, condition: "not serial" })).toBe(
      "Test race\nHistogram (2 states)\n26     *>counter=1;\n999974 :>counter=2;\nOk\nWitnesses\n" +
        "Positive: 26 Negative: 999974\nCondition not serial\nObservation race Sometimes 26 999974",
    );
  });

  it("observes Never and Always only where everything was looked at", () => {
    const [bad, good] = states;
    expect(observationOf([good])).toBe("Never");
    expect(observationOf([bad])).toBe("Always");
    expect(observationOf([good, bad], "states")).toBe("Sometimes");
    expect(observationOf([good], "states")).toBe("Unknown");
    expect(observationOf([bad], "states")).toBe("Sometimes");
    expect(observationOf([])).toBe("Unknown");
  });

  it("names several places in one state", () => {
    expect(formatState({ "0:r1": 0n, "[x]": 2n })).toBe("0:r1=0; [x]=2;");
    expect(formatState({})).toBe("(no shared state);");
  });
});

describe("a search as text", () => {
  const found = {
    program: "count",
    cpus: 2,
    invocations: 1,
    outcomes: [{ values: { counter: 2n }, anomaly: false }, { values: { counter: 1n }, anomaly: true }],
    complete: true,
    states: 12,
    transitions: 14,
    schedules: 6n,
    stuck: [],
    symmetry: { used: false },
    memory: { text: "x86" },
    reduced: false,
    property: "serial",
    witness: { schedule: "1 0*2 1", steps: 4, preemptions: 1, shortest: true, trace: LOST },
  };

  it("gives the observation, what was searched, and the witness", () => {
    const text = explorationText(found);
    expect(text).toContain("Observation count Sometimes 1 1");
    expect(text).toContain("Not serial: counter=1;");
    expect(text).toContain("12 states, 14 transitions, 6 schedules.");
    expect(text).toContain("Shortest witness: 4 steps, 1 preemption\nSchedule: 1 0*2 1");
    expect(text).toContain("overwrites step 2");
    expect(text).toMatch(
      /^count on .*\nSometimes wrong: 1 of 2.*\nEvery schedule was covered\.\n\ncounter {2}one after/,
    );
    expect(text.indexOf("States 2")).toBeGreaterThan(text.indexOf("overwrites step 2"));
  });

  it("calls Never a proof only when the search is complete", () => {
    const clean = { ...found, outcomes: found.outcomes.slice(0, 1), witness: undefined };
    expect(explorationText(clean)).toMatch(/so this is a proof[^]*Observation count Never 0 1/);
    const stopped = explorationText({ ...clean, complete: false, unknown: "1,000 states" });
    expect(stopped).toMatch(/Not every schedule was covered \(1,000 states\)[^]*Observation count Unknown 0 1/);
    expect(stopped).not.toContain("proof");
  });

  it("is a page for notebooks: verdict, endings, witness; the conditions and herd's form are folded", () => {
    const conditions = ["memory: any", "contexts: `a|b` and <c>"];
    const markdown = reportBundle({ ...found, conditions })!["text/markdown"];
    const [page, ...folded] = markdown.split("<details><summary>");
    expect(page).toBe([
      "**count on 2 simulated CPUs, 1 run on each**",
      '<span style="color:#d5401f">✗</span> **Sometimes wrong.** 1 of 2 endings is out of reach for runs one after another.',
      "Every schedule was covered.",
      "| `counter` | one after another |\n|--:|:--|\n" +
      '| 2 | yes |\n| 1 | <span style="color:#d5401f">✗</span> **no** |',
      "Shortest witness: 4 steps, 1 preemption. Schedule: `1 0*2 1`",
      "",
    ].join("\n\n"));
    expect(folded.map((part) => part.split("</summary>")[0])).toEqual([
      "What this takes as given, and what ran",
      "How much was searched, and the witness as a table",
      "As herd7 prints it",
    ]);
    expect(folded[0]).toContain("- memory: any\n- contexts: `a|b` and \\<c\\>");
    expect(folded[2]).toContain("Observation count Sometimes 1 1");
  });

  it("lists serial endings first, each kind by its values as numbers, and says so", () => {
    const ending = (counter: bigint, anomaly: boolean) => ({ values: { counter }, anomaly });
    const outcomes = [ending(9n, true), ending(20n, false), ending(10n, true), ending(3n, false)];
    const markdown = reportBundle({ ...found, outcomes, witness: undefined })!["text/markdown"];
    expect([...markdown.matchAll(/^\| (\d+) \|/gm)].map(([, value]) => value)).toEqual(["3", "20", "9", "10"]);
    expect(markdown).toContain("First what runs one after another can end in");
    const own = reportBundle({ ...found, outcomes, property: "holds", witness: undefined })!["text/markdown"];
    expect(own).toContain("First where the property holds");
    expect(reportBundle(found)!["text/markdown"]).not.toContain("First what");
  });

  it("lets neither kind crowd the other out of the table", () => {
    const many = (n: number, anomaly: boolean) =>
      Array.from({ length: n }, (_, i) => ({ values: { counter: BigInt(100 * Number(anomaly) + i) }, anomaly }));
    const rowsOf = (right: number, wrong: number) => {
      const outcomes = [...many(wrong, true), ...many(right, false)];
      const text = reportBundle({ ...found, outcomes, witness: undefined })!["text/markdown"];
      const rows = [...text.matchAll(/^\| (\d+) \|/gm)].map(([, value]) => Number(value));
      expect(text).toContain(`and ${right + wrong - rows.length} more endings`);
      return [rows.filter((value) => value < 100).length, rows.filter((value) => value >= 100).length];
    };
    expect(rowsOf(30, 30)).toEqual([8, 8]);
    expect(rowsOf(30, 2)).toEqual([14, 2]);
    expect(rowsOf(2, 30)).toEqual([2, 14]);
  });

  it("shows the conditions of a proof in the open, and colours Never by what it is worth", () => {
    const conditions = ["memory: any"], clean = { ...found, outcomes: found.outcomes.slice(0, 1), witness: undefined };
    const markdown = (more: object) => reportBundle({ ...clean, conditions, ...more })!["text/markdown"];
    expect(markdown({}).split("<details>")[0]).toMatch(
      /✓<\/span> \*\*Never wrong\.\*\*[^]*this is a proof[^]*\*Conditions\*\n\n- memory: any/,
    );
    expect(markdown({ complete: false, unknown: "9 states" })).toMatch(/\?<\/span> \*\*Unknown\.\*\*.*\n\nNot every/);
    const under = { observation: "Never", coversOpen: false, openConditions: ["hash seed: 3 of many"] };
    expect(markdown(under)).toMatch(/◐<\/span> \*\*Not wrong in what was covered\.\*\*[^]*\n- hash seed: 3 of many/);
    expect(markdown({ observation: "Never", tellsNothing: "nothing is shared." })).toMatch(
      /◐[^]*but nothing is shared/,
    );
    expect(markdown({ stuck: [{ kind: "deadlock", message: "all wait" }], property: "holds" })).toMatch(
      /✗<\/span> \*\*Sometimes wrong\.\*\* Some schedules end in a deadlock\.[^]*\| holds \|[^]*- Deadlock: all wait/,
    );
  });

  it("leaves out what is the same in every outcome", () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`stats[${i}]`, 0n]));
    const outcomes = found.outcomes.map((outcome) => ({ ...outcome, values: { ...many, ...outcome.values } }));
    expect(explorationText({ ...found, outcomes })).toContain("\ncounter=1;\n");
  });
});

describe("tables in text", () => {
  it("align their columns and leave no space at line ends", () => {
    expect(textTable(["name", "n"], [["racy", "1"], ["x", "1,000"], ["y"]]))
      .toBe("name      n\n----  -----\nracy      1\nx     1,000\ny");
  });
});
