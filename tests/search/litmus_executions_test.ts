/** Executions of litmus tests, as herd7 counts them: who reads from whom, and which write comes after which. */
import { describe, expect, it } from "vitest";
import { parseLitmus } from "../../lib/search/litmus/parse.ts";
import { litmusText } from "../../lib/search/litmus/report.ts";
import { runLitmus } from "../../lib/search/litmus/run.ts";

/** One cell per column, all with r1 at x; r2 is 1 and r0 is 0. */
const file = (cells: readonly string[], tail = "exists (x=0)", init = "") =>
  parseLitmus(`BPF counted
{ ${init} ${cells.map((_, p) => `${p}:r1=x; ${p}:r2=1; ${p}:r3=y;`).join(" ")} }
${cells.map((_, p) => `P${p}`).join(" | ")} ;
${cells.join(" | ")} ;
${tail}
`);
const count = async (of: ReturnType<typeof file>, states?: number) =>
  (await runLitmus(of, { states }, { executions: true })).executions;
const times = (n: number, cell: string) => Array<string>(n).fill(cell);
const factorial = (n: number): number => n < 2 ? 1 : n * factorial(n - 1);

describe("closed forms", () => {
  const READ = "r4 = *(u64 *)(r1 + 0)", WRITE = "*(u64 *)(r1 + 0) = r2", LOCK = "lock *(u64 *)(r1 + 0) += r2";
  const FAILS = "r0 = cmpxchg_64(r1 + 0, r0, r2)", OTHER = "*(u64 *)(r3 + 0) = r2";
  for (const n of [1, 2, 3, 4]) {
    const forms = [
      { about: "reads do not order each other", cells: times(n, READ), init: "", executions: 1 },
      { about: "atomic additions come in any order", cells: times(n, LOCK), init: "", executions: factorial(n) },
      { about: "so do writes", cells: times(n, WRITE), init: "", executions: factorial(n) },
      { about: "a read sees a write or not", cells: [WRITE, ...times(n, READ)], init: "", executions: 2 ** n },
      { about: "exchanges that fail read", cells: times(n, FAILS), init: "x=7;", executions: 1 },
      { about: "places apart do not matter", cells: [OTHER, ...times(n, LOCK)], init: "", executions: factorial(n) },
    ];
    for (const { about, cells, init, executions } of forms) {
      it(`${n}: ${about}`, async () => {
        const { holds, fails } = (await count(file(cells, "exists (x=0)", init)))!;
        expect(holds + fails).toBe(executions);
      });
    }
  }
});

it("counts what the condition and the filter say", async () => {
  const cells = ["*(u64 *)(r1 + 0) = r2", "r4 = *(u64 *)(r1 + 0)", "r4 = *(u64 *)(r1 + 0)"];
  expect(await count(file(cells, "exists (1:r4=1)"))).toEqual({ holds: 2, fails: 2 });
  expect(await count(file(cells, "filter (2:r4=0)\nforall (1:r4=1 /\\ x=1)"))).toEqual({ holds: 1, fails: 1 });
});

it("an endless wait has executions without number, and so has what a bound cuts off: then states are counted", async () => {
  const waits = parseLitmus(`BPF waits
{ 0:r1=x; 1:r1=x; }
P0 | P1 ;
*(u32 *)(r1 + 0) = 1 | AGAIN: r2 = *(u32 *)(r1 + 0) ;
 | if r2 == 0 goto AGAIN ;
exists (1:r2=1)
`);
  const result = await runLitmus(waits, {}, { executions: true });
  expect(result.executions).toBe(undefined);
  expect(litmusText(result)).toContain("Observation waits Always 1 0");
  expect(await count(file(times(4, "lock *(u64 *)(r1 + 0) += r2")), 3)).toBe(undefined);
});

it("prints executions where herd7 does", async () => {
  const result = await runLitmus(
    file(times(3, "lock *(u64 *)(r1 + 0) += r2"), "~exists (x=2)"),
    {},
    { executions: true },
  );
  expect(litmusText(result)).toBe(`Test counted Forbidden
States 1
[x]=3;
Ok
Witnesses
Positive: 6 Negative: 0
Condition ~exists ([x]=2)
Observation counted Never 0 6
Conditions:
  memory: sc (an idealisation: every store is in memory at once, which holds on no machine)
  bounds: none was hit`);
});
