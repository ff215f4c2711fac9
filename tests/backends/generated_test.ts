/** Programs made at random end the same on one CPU of all three machines, and the verifiers agree on them. */
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { KernelMaps } from "../../lib/backends/linux/kernel_maps.ts";
import type { LoadedMap } from "../../lib/backends/linux/kernel_object.ts";
import { cString, libbpf, libc, options } from "../../lib/backends/linux/libbpf.ts";
import { loadProgram, ProgramRefused } from "../../lib/backends/linux/load_program.ts";
import { BPF_PROG_TYPE } from "../../lib/uapi/prog_types.ts";
import { PreparedTestRun } from "../../lib/backends/linux/test_run.ts";
import { linuxValues } from "../../lib/backends/linux/values.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { newStartLine } from "../../lib/backends/start_line.ts";
import { SharedMachine } from "../../lib/backends/threads/shared_machine.ts";
import { Thread } from "../../lib/backends/threads/thread.ts";
import { KIND } from "../../lib/cpu/layout.ts";
import { translate } from "../../lib/translate/translate.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import type { Values } from "../../lib/report/result.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { GENERATED_MAPS, generatedObject, items, withFds } from "./generated.ts";

const PROGRAMS = 500, INVOCATIONS = 2;
// Threads and the kernel have maps as the object has them, whoever may fill them.
const workload = { cpus: 1, invocations: INVOCATIONS, *prepare() {} };

interface Ended {
  readonly final: Values;
  /** r0 of the last invocation, its low 32 bits. */
  readonly returned: number;
}

/** Runs a program on a thread's own machinery, but in this one. */
function onThread(object: BpfObject): Ended {
  const plan = planTasks(object, workload), machine = new SharedMachine(plan), { image, memory, tasks } = machine;
  const translation = translate(image.insns, image.entries, { layout: memory.layout, direct: true, shared: true });
  const thread = new Thread({
    kind: "set up",
    plan,
    memory: memory.wasm,
    module: new WebAssembly.Module(translation.wasm),
    task: 0,
    entry: KIND.none | (translation.entryBlock(tasks[0].program.start) << 8),
  });
  const run = thread.run({
    kind: "run",
    invocations: INVOCATIONS,
    threads: 1,
    startLine: newStartLine(),
    cpu: undefined,
  });
  return { final: machine.kernel.values(), returned: Number(BigInt.asUintN(32, run.returned as bigint)) };
}

/** Maps in the kernel that all programs use in turn. */
class KernelSide {
  readonly #fds: readonly number[];
  readonly #maps: KernelMaps;

  constructor() {
    this.#fds = GENERATED_MAPS.map(({ type, name, keySize, valueSize, maxEntries }) =>
      libbpf().bpf_map_create(type, cString(name), keySize, valueSize, maxEntries, options(8))
    );
    const maps = GENERATED_MAPS.map((def, index): LoadedMap => ({ ...def, fd: this.#fds[index] }));
    this.#maps = new KernelMaps(maps, generatedObject([]));
    this.#maps.keep();
  }

  run(object: BpfObject): Ended {
    const linked = { insns: withFds(object.programs[0], this.#fds), starts: [0] };
    const fd = loadProgram(BPF_PROG_TYPE.RAW_TRACEPOINT, linked, "GPL");
    try {
      this.#maps.reset();
      const run = new PreparedTestRun({ fd, type: BPF_PROG_TYPE.RAW_TRACEPOINT, onCpu: 0 });
      for (let i = 0; i < INVOCATIONS; i++) expect(run.call()).toBe(0);
      return { final: linuxValues(object, this.#maps, [0]), returned: run.returned };
    } finally {
      libc().close(fd);
    }
  }

  close(): void {
    for (const fd of this.#fds) libc().close(fd);
  }
}

const ACCEPTED = { verdict: "accept", errno: 0, message: "", log: "" } as const;

describe("generated programs on one CPU", () => {
  it("simulator and threads end the same", async () => {
    await fc.assert(
      fc.asyncProperty(items, async (list) => {
        const object = generatedObject(list);
        fc.pre(verify(object)[0].verdict === "accept");
        const { final } = await simulate(object, workload);
        expect(onThread(object).final).toEqual(final);
      }),
      { numRuns: PROGRAMS },
    );
  });

  const availability = linuxAvailable();
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
  test(`simulator, threads and the running kernel end the same${reason}`, async () => {
    const verdicts = new KernelAgreement("verdicts on generated programs");
    const values = new KernelAgreement("end values of generated programs");
    let accepted = 0, programs = 0;
    await values.values("all programs", async () => {
      const kernel = new KernelSide();
      try {
        await fc.assert(
          fc.asyncProperty(items, async (list) => {
            const object = generatedObject(list), [ours] = verify(object), what = `program ${++programs}`;
            let ended: Ended | undefined;
            const verdict = verdicts.verdict(what, ours, () => {
              try {
                ended = kernel.run(object);
                return ACCEPTED;
              } catch (error) {
                if (!(error instanceof ProgramRefused)) throw error;
                return { verdict: "reject", errno: error.errno, message: error.message, log: error.log };
              }
            });
            if (verdict !== "accept" || ours.verdict !== "accept") return;
            accepted++;
            expect(ended).toEqual(onThread(object));
            expect(ended!.final).toEqual((await simulate(object, workload)).final);
          }),
          { numRuns: PROGRAMS },
        );
      } finally {
        kernel.close();
      }
      expect(accepted).toBeGreaterThan(PROGRAMS * 0.9);
    });
    verdicts.judge();
    values.print();
  });
});
