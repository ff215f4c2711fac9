/** Runs scenarios on the running kernel: one loaded set of maps for all, programs loaded for each, two pinned threads. */
import { linuxAvailable } from "../../backends/linux/available.ts";
import { KernelObject, type LoadedMap } from "../../backends/linux/kernel_object.ts";
import { cString, libbpf, libc, options } from "../../backends/linux/libbpf.ts";
import { loadProgram, ProgramRefused } from "../../backends/linux/load_program.ts";
import { possibleCpus } from "../../backends/linux/map_calls.ts";
import { allowedCpus } from "../../backends/thread_control.ts";
import { BackendError } from "../../host/backend_error.ts";
import { Crew } from "../../host/crew.ts";
import { BPF_PSEUDO, type Insn } from "../../isa/insn.ts";
import type { BpfObject, Program } from "../../object/bpf_object.ts";
import { BPF_F_MMAPABLE } from "../../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { isFresh, mapsOf, type Scenario } from "./draw.ts";
import { globalsOf, nameOf } from "./predict.ts";
import { DELAYS, programOf } from "./program.ts";
import { newRendezvous } from "./rendezvous.ts";
import type { Copy, RunRequest, Seen, SetUp } from "./thread.ts";

/** Offset of map_flags of struct bpf_map_create_opts (tools/lib/bpf/bpf.h), and its size. */
const CREATE_MAP_FLAGS = 28, CREATE_OPTS_BYTES = 64;

/** Runs whose maps and programs are in the kernel at the same time. */
const MOST_COPIES = 25;

/** Why scenarios cannot be run here, if they can't. */
export function whyNoRuns(): string | undefined {
  const availability = linuxAvailable();
  if (!availability.available) return availability.reason;
  if (allowedCpus().length < 2) return "two CPUs are needed";
  return possibleCpus() > 8 ? "more than 8 possible CPUs: per-CPU values make the search too large" : undefined;
}

export class KernelRuns implements Disposable {
  readonly possibleCpus = possibleCpus();
  readonly #object: KernelObject;
  readonly #fds: readonly number[];
  readonly #delaysFd: number;
  readonly #crew: Crew<SetUp | RunRequest, Seen>;

  private constructor(readonly all: BpfObject) {
    this.#object = new KernelObject(all);
    const { errno, messages } = this.#object.load(["nothing"]);
    if (errno !== 0) throw new BackendError(`the kernel refuses the scenarios' maps: ${errno} ${messages}`);
    const loaded = this.#object.maps();
    this.#fds = all.maps.map(({ name }) => loaded.find((map) => map.name === name)!.fd);
    const flags = options(CREATE_OPTS_BYTES, [[CREATE_MAP_FLAGS, 4, BPF_F_MMAPABLE]]);
    this.#delaysFd = libbpf().bpf_map_create(BPF_MAP_TYPE.ARRAY, cString("delays"), 4, 8 * DELAYS, 1, flags);
    this.#crew = new Crew(new URL("./thread.ts", import.meta.url), 2);
  }

  /** @throws BackendError when the kernel does not take the maps */
  static async start(all: BpfObject): Promise<KernelRuns> {
    const runs = new KernelRuns(all), rendezvous = newRendezvous(), { maps, btf } = all, cpus = allowedCpus();
    const setUp = {
      kind: "set up",
      cpus: [cpus[0], cpus[1]],
      possibleCpus: runs.possibleCpus,
      // Actors look the programs up by name alone.
      object: { maps, btf, programs: [0, 1].map((role) => ({ ...all.programs[0], name: nameOf(role) })) },
      loaded: runs.#object.maps(),
      delaysFd: runs.#delaysFd,
      rendezvous,
    } as const;
    await Promise.all(([0, 1] as const).map((role) => runs.#crew.ask(role, { ...setUp, role })));
    return runs;
  }

  /**
   * Runs a scenario again and again, each time with other delays.
   *
   * @returns how often each outcome was seen
   * @throws Error when the kernel refuses a program
   */
  async run(scenario: Scenario, runs: number): Promise<ReadonlyMap<string, number>> {
    const type = scenario.section === "tc" ? BPF_PROG_TYPE.SCHED_CLS : BPF_PROG_TYPE.RAW_TRACEPOINT;
    const seen = new Map<string, number>(), together = isFresh(scenario) ? MOST_COPIES : runs;
    for (let left = runs, seed = scenario.seed; left > 0; left -= together, seed++) {
      const part = await this.#runTogether(scenario, type, Math.min(left, together), seed);
      for (const [text, times] of part.outcomes) seen.set(text, (seen.get(text) ?? 0) + times);
    }
    return seen;
  }

  async #runTogether(scenario: Scenario, type: number, runs: number, seed: number): Promise<Seen> {
    const copies: Copy[] = [];
    try {
      if (isFresh(scenario)) { for (let run = 0; run < runs; run++) copies.push(this.#copy(scenario, type)); }
      else copies.push({ maps: [], programs: this.#load(scenario, type, this.#fds) });
      const request = { kind: "run", scenario, runs, type, copies, seed } as const;
      const [seen] = await Promise.all([this.#crew.ask(0, request), this.#crew.ask(1, request)]);
      return seen;
    } finally {
      for (const { maps, programs } of copies) {
        for (const fd of [...programs, ...maps.map(({ fd }) => fd)]) if (fd !== undefined) libc().close(fd);
      }
    }
  }

  /** Maps of one run alone, and programs that use them. */
  #copy(scenario: Scenario, type: number): Copy {
    const used: readonly string[] = mapsOf(scenario);
    const maps = this.all.maps.filter(({ name }) => used.includes(name)).map((def): LoadedMap => {
      const flags = options(CREATE_OPTS_BYTES, [[CREATE_MAP_FLAGS, 4, def.flags]]);
      const { keySize, valueSize, maxEntries } = def;
      const fd = libbpf().bpf_map_create(def.type, cString(def.name), keySize, valueSize, maxEntries, flags);
      if (fd < 0) throw new BackendError(`the kernel refuses a map ${def.name}: ${fd}`);
      return { ...def, fd };
    });
    const fds = this.all.maps.map(({ name }, i) => maps.find((map) => map.name === name)?.fd ?? this.#fds[i]);
    return { maps, programs: this.#load(scenario, type, fds) };
  }

  close(): void {
    this.#crew.close();
    libc().close(this.#delaysFd);
    this.#object.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The roles' programs, by role. */
  #load(scenario: Scenario, type: number, fds: readonly number[]): (number | undefined)[] {
    const { all } = this;
    return scenario.roles.map(({ items }, role) => {
      if (!items) return undefined;
      const delays = { fd: this.#delaysFd, offset: 4 * DELAYS * role };
      const { program, starts } = programOf(nameOf(role), scenario.section, items, role, all, globalsOf(all), delays);
      try {
        return loadProgram(type, { insns: linked(program, fds), starts }, "GPL");
      } catch (error) {
        if (!(error instanceof ProgramRefused)) throw error;
        throw new Error(
          `scenario ${scenario.seed}: the kernel refuses ${nameOf(role)}: ${error.message}\n${error.log}`,
        );
      }
    });
  }
}

/** File descriptors of maps in place of relocations. */
function linked({ insns, relocations }: Program, fds: readonly number[]): Insn[] {
  const linked = [...insns];
  for (const one of relocations) {
    if (one.kind !== "map" && one.kind !== "mapValue") continue;
    const src = one.kind === "map" ? BPF_PSEUDO.MAP_FD : BPF_PSEUDO.MAP_VALUE;
    linked[one.insn] = { ...linked[one.insn], src, imm: fds[one.map] };
    linked[one.insn + 1] = { ...linked[one.insn + 1], imm: one.kind === "mapValue" ? one.offset : 0 };
  }
  return linked;
}
