/** What keeps tasks from being taken for one another, by its reason; and the preemptions of a shortest schedule. */
import { describe, expect, it } from "vitest";
import { Machine } from "../../lib/machine/machine.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { SearchState } from "../../lib/search/state.ts";
import { StateGraph } from "../../lib/search/state_graph.ts";
import { asymmetry } from "../../lib/search/symmetry.ts";
import type { ProgRun } from "../../lib/workload/workload.ts";
import { wordPrograms } from "./word_programs.ts";

const copying = wordPrograms(["x", "y"], { copies: [{ set: "y", to: "x" }, { set: "x", to: 1 }] });
const on = (cpu: number, more: Partial<ProgRun> = {}): ProgRun => ({
  prog: "copies",
  cpus: [cpu],
  invocations: 1,
  ...more,
});
const reason = (programs: readonly ProgRun[], object: BpfObject = copying) =>
  asymmetry(new Machine(planTasks(object, { cpus: programs.length, programs })));

/** The same program with a helper call before its end. */
function calling(helper: number): BpfObject {
  const [program] = copying.programs, [exit, ...before] = [...program.insns].reverse();
  const insns = [...before.reverse(), { opcode: 0x85, dst: 0, src: 0, off: 0, imm: helper }, exit];
  const subprogs = [{ ...program.subprogs[0], end: insns.length }];
  return { ...copying, programs: [{ ...program, insns, subprogs }] };
}

describe("tasks are taken for one another", () => {
  it("when they run the same program equally often", () => {
    expect(reason([on(0), on(1), on(2)])).toBe(undefined);
  });
  it("not when one runs it more often", () => {
    expect(reason([on(0), on(1), on(2, { invocations: 2 })])).toBe("CPUs run different programs");
  });
  it("not when one has another context", () => {
    expect(reason([on(0), on(1, { ctx: Uint8Array.of(0, 0, 1) })])).toBe("CPUs run with different contexts");
  });
  it("not when the program asks for its CPU, or draws from the CPU's random numbers", () => {
    expect(reason([on(0), on(1)], calling(8))).toBe("bpf_get_smp_processor_id depends on the CPU");
    expect(reason([on(0), on(1)], calling(7))).toBe("bpf_get_prandom_u32 depends on the CPU");
  });
  it("not when there is one", () => {
    expect(reason([on(0)])).toBe("there is one task");
  });
});

describe("a shortest schedule has the fewest preemptions", () => {
  /** Ends in which y holds this number. */
  const shortest = (cpus: number, y: bigint) => {
    const machine = new Machine(planTasks(copying, { cpus, invocations: 1 })), state = new SearchState(machine, false);
    return StateGraph.build(machine, state, () => machine.kernel.values().y === y, 10_000)!.shortest()!;
  };
  it("none, where runs may follow one another", () => {
    const { path, preemptions } = shortest(2, 1n);
    expect(preemptions).toBe(0);
    expect(path.filter((task, i) => i > 0 && task !== path[i - 1]).length).toBe(1);
  });
  it("one, where the run that read x before it was set has to write y last", () => {
    for (const cpus of [2, 3]) {
      const { path, preemptions } = shortest(cpus, 0n);
      expect(preemptions).toBe(1);
      const counted = path.filter((task, i) =>
        i > 0 && task !== path[i - 1] && path.indexOf(path[i - 1], i) >= 0
      ).length;
      expect(counted).toBe(1);
    }
  });
});
