import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findTornReads } from "../../lib/report/torn_read.ts";
import { LOCKED, traceOf } from "./traces.ts";

/** A writer that sets both fields to 1, 2, ... in each run, and a reader that loads both, in the order of a schedule. */
function pairTrace(schedule: readonly boolean[]) {
  const memory = { "v.a": 0, "v.b": 0 } as Record<string, number>;
  const fields = ["v.a", "v.b"];
  let written = 0, read = 0, torn = 0;
  let seen: number[] = [];
  const accesses: Parameters<typeof traceOf>[0][number][] = [];
  for (const writes of schedule) {
    if (writes) {
      const target = fields[written % 2], value = (written >> 1) + 1;
      const invocation = written >> 1;
      accesses.push({
        kind: "store",
        cpu: 0,
        target,
        object: "v",
        before: memory[target],
        after: value,
        invocation,
        prog: "write",
      });
      memory[target] = value;
      written++;
    } else {
      const target = fields[read % 2];
      accesses.push({
        kind: "load",
        cpu: 1,
        target,
        object: "v",
        before: memory[target],
        invocation: read >> 1,
        prog: "read",
      });
      seen.push(memory[target]);
      if (++read % 2 === 0) {
        if (seen[0] !== seen[1]) torn++;
        seen = [];
      }
    }
  }
  // A run of the writer that never stored its second field has no update to be torn.
  const complete = written % 2 === 0;
  return { trace: traceOf(accesses), torn, complete };
}

describe("torn reads in a trace", () => {
  it("are exactly the reads whose fields differ, when the writer always sets both alike", () => {
    fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 80 }), (schedule) => {
      const { trace, torn, complete } = pairTrace(schedule);
      if (complete) expect(findTornReads(trace).length).toBe(torn);
    }));
  });

  it("name both loads and both stores", () => {
    const { trace } = pairTrace([false, true, true, false]);
    expect(findTornReads(trace)).toEqual([{ object: "v", stale: 0, fresh: 3, missed: 1, seen: 2 }]);
    const other = pairTrace([true, false, false, true]);
    expect(findTornReads(other.trace)).toEqual([{ object: "v", stale: 2, fresh: 1, missed: 3, seen: 0 }]);
  });

  it("are none under a lock, nor across plain variables", () => {
    expect(findTornReads(LOCKED)).toEqual([]);
    const globals = traceOf([
      { kind: "load", cpu: 1, target: "a", before: 0 },
      { kind: "store", cpu: 0, target: "a", before: 0, after: 1 },
      { kind: "store", cpu: 0, target: "b", before: 0, after: 1 },
      { kind: "load", cpu: 1, target: "b", before: 1 },
    ]);
    expect(findTornReads(globals)).toEqual([]);
  });
});
