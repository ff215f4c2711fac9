/** The parts of the real machines that need no machine: logs, overlap, spreads, the harness, what comparisons say. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { type ComparedRun, Comparison } from "../../lib/backends/compare.ts";
import { functionStarts, loopHarness } from "../../lib/backends/linux/harness.ts";
import { verifierMessage } from "../../lib/backends/linux/verifier_log.ts";
import { overlapOf } from "../../lib/backends/overlap.ts";
import { recordedExperiments } from "../../lib/backends/recorded/experiments.ts";
import { recordedRun } from "../../lib/backends/recorded/listings.ts";
import { recordedKernel } from "../../lib/backends/recorded/recorded.ts";
import { spreadOf } from "../../lib/backends/spread.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { BPF_PSEUDO, isBpfCall, isExit, isJump, isWide, jumpTarget } from "../../lib/isa/insn.ts";

describe("the line of a verifier's log that matters", () => {
  const logs: readonly [log: string, message: string][] = [
    ["", ""],
    [
      "0: R1=ctx() R10=fp0\n; int key = 0; @ x.c:3\n0: (b7) r1 = 0 ; R1_w=0\nR0 invalid mem access 'scalar'\nprocessed 2 insns (limit 1000000)\n",
      "R0 invalid mem access 'scalar'",
    ],
    [
      "5: (85) call pc+3\nglobal function calls are not allowed while holding a lock,\nuse static function instead\nprocessed 6 insns\n",
      "global function calls are not allowed while holding a lock, use static function instead",
    ],
    [
      "invalid access to map value, value_size=4 off=8 size=8\nR0 min value is outside of the allowed memory range\nprocessed 9 insns\n",
      "R0 min value is outside of the allowed memory range",
    ],
    ["tracing progs cannot use bpf_spin_lock yet\nprocessed 0 insns\n", "tracing progs cannot use bpf_spin_lock yet"],
    ["from 4 to 7: R0=0 R10=fp0\n7: (95) exit\nR0_w=0 R1=ctx()\n", ""],
  ];
  for (const [log, message] of logs) {
    it(message || "nothing but states", () => expect(verifierMessage(log)).toBe(message));
  }
});

describe("overlap of threads", () => {
  const cases: readonly [what: string, threads: [start: number, end: number, onCpu?: number][], overlap: number][] = [
    ["nobody", [], 0],
    ["one", [[0, 10]], 1],
    ["at the same time", [[0, 10], [0, 10]], 1],
    ["half", [[0, 10], [5, 15]], 1 / 3],
    ["one after another", [[0, 10], [10, 20]], 0],
    ["one of them off its CPU for half of the time", [[0, 10, 5], [0, 10]], 0.5],
  ];
  for (const [what, threads, overlap] of cases) {
    it(
      what,
      () => expect(overlapOf(threads.map(([startNs, endNs, onCpuNs]) => ({ startNs, endNs, onCpuNs })))).toBe(overlap),
    );
  }

  it("is a share", () => {
    const thread = fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), fc.nat(2000)).map((
      [at, for_, onCpuNs],
    ) => ({
      startNs: at,
      endNs: at + for_,
      onCpuNs,
    }));
    fc.assert(fc.property(fc.array(thread), (threads) => {
      const overlap = overlapOf(threads);
      return overlap >= 0 && overlap <= 1;
    }));
  });
});

describe("spread", () => {
  it("is ordered, and its median is one of the measurements", () => {
    fc.assert(fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { min, median, max } = spreadOf(values);
      return min <= median && median <= max && values.includes(median);
    }));
  });
  it("of nothing is refused", () => expect(() => spreadOf([])).toThrow(/no measurement/));
});

describe("the loop around a program", () => {
  for (const name of ["counters", "torn", "swap", "interrupts"]) {
    it(`keeps every jump and call of ${name}`, async () => {
      const object = await bpf.file(fileURLToPath(new URL(`./progs/${name}.bpf.c`, import.meta.url)));
      for (const { insns } of object.programs) {
        const { insns: looped, starts } = loopHarness(insns, 3);
        const shift = looped.length - insns.length, mainEnd = functionStarts(insns)[1] ?? insns.length;
        const inside = (at: number) => at >= 0 && at < looped.length;
        insns.forEach((insn, at) => {
          const now = looped[at + shift];
          if (isExit(insn) && at < mainEnd) {
            const target = jumpTarget(now, at + shift);
            expect([looped[target].opcode, looped[target + 1].opcode]).toEqual([0xb7, 0x95]);
          } else expect(now).toEqual(insn);
        });
        looped.forEach((insn, at) => {
          if (isJump(insn)) expect(inside(jumpTarget(insn, at))).toBe(true);
          if (isBpfCall(insn) || (isWide(insn) && insn.src === BPF_PSEUDO.FUNC)) {
            expect(starts.includes(at + insn.imm + 1)).toBe(true);
          }
        });
      }
    });
  }
});

describe("what a comparison says", () => {
  const ran = (
    machine: ComparedRun["machine"],
    observation: ComparedRun["observation"],
    lost: number,
  ): ComparedRun => ({
    machine,
    kind: machine === "simulator" ? "simulated" : "measured",
    on: "here",
    observation,
    lost: { median: lost, min: lost, max: lost },
    how: "",
  });
  const cases: readonly [rows: Comparison["rows"], agree: boolean, sentence: string][] = [
    [
      [ran("simulator", "Sometimes", 0.4), ran("threads", "Sometimes", 0.3), ran("linux", "Sometimes", 0.5)],
      true,
      "The simulator, threads of this computer and the running kernel agree: updates are lost.",
    ],
    [
      [ran("simulator", "Never", 0), { machine: "threads", skipped: "one CPU" }, ran("linux", "Never", 0)],
      true,
      "The simulator and the running kernel agree: it ends as one after another would.",
    ],
    [
      [ran("simulator", "Sometimes", 0), { ...ran("linux", "Never", 0), kind: "recorded" }],
      false,
      "They do not agree: on the simulator it ends otherwise than the serial order 0, 1, 2, ... does and on a recorded kernel it ends as one after another would.",
    ],
    [
      [ran("simulator", "Never", 0), { machine: "linux", skipped: "not root" }],
      true,
      "Only one machine ran it, the simulator: it ends as one after another would.",
    ],
    [[{ machine: "linux", skipped: "not root" }], false, "No machine could run this."],
  ];
  for (const [rows, agree, sentence] of cases) {
    it(sentence, () => {
      const comparison = new Comparison("race.bpf.c", rows);
      expect(comparison.agree).toBe(agree);
      expect(comparison.sentence).toBe(sentence);
      expect(comparison.toString()).toContain(sentence);
    });
  }
});

describe("recorded figures", () => {
  it("have the operations of the ledger on one and two CPUs", () => {
    const { operations, privateWork, valueSizes } = recordedKernel();
    const racy = operations.find(({ id, cpus }) => id === "racy_global" && cpus === 2);
    expect(racy?.lostPercent).toEqual({ median: 49.19, min: 48.53, max: 49.6 });
    for (const { nsPerOp } of [...operations, ...privateWork, ...valueSizes]) {
      expect(nsPerOp.min <= nsPerOp.median && nsPerOp.median <= nsPerOp.max).toBe(true);
    }
  });

  for (const name of ["race", "atomic", "spin_lock", "percpu", "map_in_map", "cmpxchg"]) {
    it(`are there for ${name}.bpf.c as it stands (if not: deno task record)`, async () => {
      const object = await bpf.file(fileURLToPath(new URL(`../../notebooks/progs/${name}.bpf.c`, import.meta.url)));
      for (const cpus of [1, 2]) expect(recordedRun(object, { cpus })?.run.cpus).toBe(cpus);
    });
  }

  it("know torn reads, swaps and interrupts", () => {
    const { tornReads, swapWaits, interrupted, lockedReads } = recordedExperiments();
    expect(tornReads.some(({ perMillion }) => perMillion.max > 0)).toBe(true);
    expect(swapWaits.every(({ ms }) => ms.median > 0)).toBe(true);
    expect(interrupted.every(({ lostPerThousand }) => lostPerThousand.max > 0)).toBe(true);
    for (const { writer, reader, torn } of lockedReads) {
      expect(torn.max > 0, `${writer}, ${reader}`).toBe(!(writer.endsWith("locked") && reader.endsWith("locked")));
    }
  });
});
