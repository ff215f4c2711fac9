/** Which schedules show a lost update: another task's write to the same bytes, between the read and the write back. */
import { describe, expect, it } from "vitest";
import type { Candidate } from "../../lib/check/finding.ts";
import { shows } from "../../lib/check/shown_by.ts";
import type { TraceStep } from "../../lib/report/result.ts";

const LOAD = 1, STORE = 3, X = 64, Y = 72;
const race = {
  name: "lost-update",
  sites: [{ prog: "add", insn: STORE, label: "" }, { prog: "add", insn: LOAD, label: "" }],
} as unknown as Candidate;

type Access = readonly [task: number, kind: TraceStep["kind"], insn: number, addr: number, stored?: number];
const trace = (...steps: readonly Access[]) =>
  steps.map(([task, kind, insn, addr, stored], step) =>
    ({ step, task, cpu: task, invocation: 0, prog: "add", kind, insn, addr, stored }) as unknown as TraceStep
  );

describe("a lost update is shown", () => {
  const cases: readonly [string, boolean, readonly Access[]][] = [
    ["by a store in between", true, [[0, "load", LOAD, X], [1, "load", LOAD, X], [1, "store", STORE, X], [
      0,
      "store",
      STORE,
      X,
    ]]],
    ["not by runs one after another", false, [[0, "load", LOAD, X], [0, "store", STORE, X], [1, "load", LOAD, X], [
      1,
      "store",
      STORE,
      X,
    ]]],
    ["not by a store to other bytes", false, [[0, "load", LOAD, X], [1, "store", STORE, Y], [0, "store", STORE, X]]],
    ["not by a load in between", false, [[0, "load", LOAD, X], [1, "load", LOAD, X], [0, "store", STORE, X]]],
    ["not by its own store", false, [[0, "load", LOAD, X], [0, "store", STORE, X], [0, "store", STORE, X]]],
    [
      "by a store in between its own store and its flush",
      true,
      [[0, "load", LOAD, X], [0, "store", STORE, X], [1, "store", STORE, X], [0, "flush", STORE, X, 1]],
    ],
  ];
  for (const [name, expected, steps] of cases) it(name, () => expect(shows(race, trace(...steps))).toBe(expected));
});
