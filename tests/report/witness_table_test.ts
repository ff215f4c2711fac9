import { describe, expect, it } from "vitest";
import { witnessTable } from "../../lib/report/witness_table.ts";
import { LOCKED, LOST, racyTrace, traceOf } from "./traces.ts";

describe("the witness table", () => {
  it("tells of a lost update without the code", () => {
    expect(witnessTable(LOST)).toBe([
      "step  CPU 0              CPU 1              C line            instruction              switch           remark",
      "----  -----------------  -----------------  ----------------  -----------------------  ---------------  -----------------",
      "   0                     reads counter = 0  7: counter += 1;  2: r2 = *(u32 *)(r1 +0)",
      "   1  reads counter = 0                     7: counter += 1;  2: r2 = *(u32 *)(r1 +0)  CPU 1 preempted",
      "   2  counter: 0 -> 1                       7: counter += 1;  4: *(u32 *)(r1 +0) = r2                   lost at step 3",
      "   3                     counter: 1 -> 1    7: counter += 1;  4: *(u32 *)(r1 +0) = r2  CPU 0 done       overwrites step 2",
    ].join("\n"));
  });

  it("says who waits for what", () => {
    const table = witnessTable(LOCKED);
    expect(table).toMatch(/CPU 1 waits for v\.lock/);
    expect(table).toMatch(/v\.lock stays 1/);
    expect(table).not.toMatch(/lost/);
  });

  it("names programs that share a CPU, and calls their switch an interrupt", () => {
    const table = witnessTable(traceOf([
      { kind: "load", cpu: 0, task: 0, prog: "count", before: 0 },
      { kind: "store", cpu: 0, task: 1, prog: "tick", before: 0, after: 100 },
      { kind: "store", cpu: 0, task: 0, prog: "count", before: 100, after: 1 },
    ]));
    expect(table.split("\n")[0]).toMatch(/CPU 0 count\s+CPU 0 tick/);
    expect(table).toMatch(/interrupt, CPU 0 count stands still/);
    expect(table).toMatch(/lost at step 2/);
  });

  it("says how many steps it leaves out", () => {
    const { trace } = racyTrace([1, 0, 0, 1, 0, 0, 1, 1]);
    const table = witnessTable(trace, { parts: [{ from: 1, to: 3 }, { from: 5, to: 6 }] });
    expect(table).toMatch(/\.\.\. 1 step not shown \.\.\./);
    expect(table.match(/\.\.\. 2 steps not shown \.\.\./g)?.length).toBe(2);
  });

  it("is empty for an empty trace", () => expect(witnessTable([])).toBe(""));
});
