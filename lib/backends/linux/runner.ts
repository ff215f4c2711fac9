/** Finds a way to run a listing's function many times by BPF_PROG_RUN. */
import { decode, type Insn, isHelperCall } from "../../isa/insn.ts";
import { BackendError } from "../../host/backend_error.ts";
import { functionStarts, loopHarness } from "./harness.ts";
import type { KernelObject, LoadableProgram } from "./kernel_object.ts";
import { cString, libbpf, libc, options } from "./libbpf.ts";
import { loadProgram, ProgramRefused } from "./load_program.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { nowNs } from "../thread_control.ts";
import { PreparedTestRun } from "./test_run.ts";
import { canTestRun, progTypeName, runnableTypes, takesPacket } from "./prog_types.ts";
import type { Job } from "./pinned_worker.ts";
import { errnoName } from "../../uapi/errno.ts";
import { BPF_F_SLEEPABLE } from "../../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";

/** A listing's function as loaded, with everything filled in by libbpf. */
export interface LoadedProgram {
  readonly name: string;
  readonly section: string;
  readonly type: number;
  readonly sleepable: boolean;
  readonly fd: number;
  readonly insns: readonly Insn[];
}

/** Reads a program back from libbpf after loading: map fds filled in, subprograms appended. */
export function loadedProgram(object: KernelObject, name: string): LoadedProgram {
  const { handle, section }: LoadableProgram = object.program(name);
  const insns = libbpf().bpf_program__insns(handle);
  if (insns === null) throw new BackendError(`${name} has no instructions`);
  const bytes = Number(libbpf().bpf_program__insn_cnt(handle)) * 8;
  return {
    name,
    section,
    type: libbpf().bpf_program__type(handle),
    sleepable: (libbpf().bpf_program__flags(handle) & BPF_F_SLEEPABLE) !== 0,
    fd: libbpf().bpf_program__fd(handle),
    insns: decode(new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(insns, bytes).slice(0))),
  };
}

/** How a function is called again and again. */
export type Looping = "bpf_loop" | "repeat" | "one call each";

/** Size of struct bpf_prog_info up to and with `recursion_misses`, and the offset of that (include/uapi/linux/bpf.h). */
const PROG_INFO_BYTES = 216, RECURSION_MISSES = 208;

export class Runner implements Disposable {
  #fd: number;
  readonly #ownsFd: boolean;
  #roundsFd: number;

  private constructor(
    readonly program: LoadedProgram,
    /** The type that it runs as. */
    readonly type: number,
    readonly looping: Looping,
    fd: number,
    ownsFd: boolean,
    roundsFd: number,
  ) {
    this.#fd = fd;
    this.#ownsFd = ownsFd;
    this.#roundsFd = roundsFd;
  }

  /**
   * The best way that this kernel takes: a bpf_loop around the function, the kernel's own `repeat`, a call for each.
   *
   * @param exact without any loop around it, so that what the function returns can be seen
   * @throws BackendError when it can be run in no way, with the verifier's reason for each type tried
   */
  static for(program: LoadedProgram, license: string, exact = false): Runner {
    const refusals: string[] = [];
    const attempt = (type: number, load: () => Runner): Runner | undefined => {
      try {
        return load();
      } catch (error) {
        if (!(error instanceof ProgramRefused)) throw error;
        refusals.push(`as ${progTypeName(type)}: ${error.message}`);
      }
    };
    const types = runnableTypes(program.type, program.sleepable);
    for (const type of exact || tailCalls(program.insns) ? [] : types) {
      const runner = attempt(type, () => Runner.#looped(program, type, license));
      if (runner) return runner;
    }
    if (canTestRun(program.type)) {
      return new Runner(program, program.type, plainLooping(program.type), program.fd, false, -1);
    }
    for (const type of types) {
      const runner = attempt(type, () => {
        const linked = { insns: program.insns, starts: functionStarts(program.insns) };
        return new Runner(
          program,
          type,
          plainLooping(type),
          loadProgram(type, linked, license, flagsOf(type)),
          true,
          -1,
        );
      });
      if (runner) return runner;
    }
    throw new BackendError(
      `${program.name} is accepted as ${program.section}, which BPF_PROG_RUN cannot run, and refused as what it can run ` +
        `(${[...new Set(refusals)].join("; ")})`,
    );
  }

  /**
   * A way to run a function in an inter-processor interrupt: as raw_tp, which BPF_PROG_RUN takes to any CPU.
   *
   * @throws BackendError when the kernel refuses it as raw_tp
   */
  static forInterrupt(program: LoadedProgram, license: string): Runner {
    const type = BPF_PROG_TYPE.RAW_TRACEPOINT;
    if (program.type === type) return new Runner(program, type, "one call each", program.fd, false, -1);
    try {
      const linked = { insns: program.insns, starts: functionStarts(program.insns) };
      return new Runner(program, type, "one call each", loadProgram(type, linked, license), true, -1);
    } catch (error) {
      if (!(error instanceof ProgramRefused)) throw error;
      throw new BackendError(`${program.name} cannot run in an interrupt here (as raw_tp): ${error.message}`);
    }
  }

  static #looped(program: LoadedProgram, type: number, license: string): Runner {
    const rounds = libbpf().bpf_map_create(BPF_MAP_TYPE.ARRAY, cString("rounds"), 4, 4, 1, options(8));
    if (rounds < 0) throw new BackendError("the kernel refuses a map of 4 bytes");
    try {
      const fd = loadProgram(type, loopHarness(program.insns, rounds), license, flagsOf(type));
      return new Runner(program, type, "bpf_loop", fd, true, rounds);
    } catch (error) {
      libc().close(rounds);
      throw error;
    }
  }

  /**
   * The job of one thread: `invocations` calls of the function on a CPU.
   *
   * @param input the packet or the context
   * @param turnsPerCall how many invocations one run of the kernel may loop over
   */
  job(invocations: number, cpu: number, input: Uint8Array | undefined, turnsPerCall: number): Job {
    const loops = this.looping !== "one call each";
    const turns = loops ? greatestDivisor(invocations, turnsPerCall) : 1;
    const calls = turns === 0 ? 0 : invocations / turns;
    if (this.looping === "bpf_loop") {
      const value = new Uint8Array(new Uint32Array([turns]).buffer);
      libbpf().bpf_map_update_elem(this.#roundsFd, new Uint8Array(4), value, 0n);
    }
    const repeat = this.looping === "repeat" ? turns : 1;
    return { cpu, calls, run: { fd: this.#fd, type: this.type, repeat, input } };
  }

  /** The job of a thread on `sender` that makes another CPU run the function in interrupts. */
  interruptJob(count: number, sender: number, input: Uint8Array | undefined, onCpu: number): Job {
    return { cpu: sender, calls: count, run: { fd: this.#fd, type: this.type, input, onCpu } };
  }

  /** The program that it runs, as this process has it open. */
  get fd(): number {
    return this.#fd;
  }

  /** Runs of what it loaded that the kernel skipped (recursion_misses of struct bpf_prog_info). */
  recursionMisses(): number {
    const info = new Uint8Array(PROG_INFO_BYTES), length = new Uint8Array(new Uint32Array([PROG_INFO_BYTES]).buffer);
    const failed = libbpf().bpf_obj_get_info_by_fd(this.#fd, info, length);
    if (failed < 0) throw new BackendError(`the kernel says nothing about ${this.program.name}: ${errnoName(failed)}`);
    return Number(new DataView(info.buffer).getBigUint64(RECURSION_MISSES, true));
  }

  /** In words: `raw_tp, looped by bpf_loop`. */
  describe(): string {
    const standIn = this.type === this.program.type ? "" : ` (${this.program.section} cannot be test-run)`;
    return `${this.program.name} run as ${progTypeName(this.type)}${standIn}, ${this.looping}${this.#share()}`;
  }

  /**
   * What a call that no loop of ours makes takes beside the program: a time without this would be told as the program's.
   */
  #share(): string {
    if (this.looping === "bpf_loop") return "";
    const ns = emptyNs(this.type, this.looping);
    if (ns === undefined) return "";
    return this.looping === "one call each"
      ? `: each run is a system call of its own, which takes ${Math.round(ns)} ns for an empty program`
      : `: each turn of the kernel's loop takes ${ns.toPrecision(2)} ns for an empty program`;
  }

  close(): void {
    if (this.#ownsFd && this.#fd >= 0) libc().close(this.#fd);
    if (this.#roundsFd >= 0) libc().close(this.#roundsFd);
    this.#fd = this.#roundsFd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** By type and way of looping. */
const empty = new Map<string, number | undefined>();
const EMPTY: readonly Insn[] = decode(Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0));
const EMPTY_CALLS = 2000, EMPTY_TURNS = 100_000;

/**
 * Nanoseconds that an empty program of a type takes when it is called as a runner calls it, the least of some times;
 * undefined where the kernel takes no empty one of this type.
 */
function emptyNs(type: number, looping: Exclude<Looping, "bpf_loop">): number | undefined {
  const key = `${type} ${looping}`;
  if (!empty.has(key)) empty.set(key, timeEmpty(type, looping));
  return empty.get(key);
}

function timeEmpty(type: number, looping: Looping): number | undefined {
  let fd: number;
  try {
    fd = loadProgram(type, { insns: EMPTY, starts: [0] }, "GPL", flagsOf(type));
  } catch (error) {
    if (error instanceof ProgramRefused) return undefined;
    throw error;
  }
  try {
    const turns = looping === "repeat" ? EMPTY_TURNS : 1, calls = looping === "repeat" ? 1 : EMPTY_CALLS;
    const run = new PreparedTestRun({ fd, type, repeat: turns });
    let least = Infinity;
    for (let attempt = 0; attempt < 5; attempt++) {
      const from = nowNs();
      for (let call = 0; call < calls; call++) if (run.call() < 0) return undefined;
      least = Math.min(least, (nowNs() - from) / (calls * turns));
    }
    return least;
  } finally {
    libc().close(fd);
  }
}

/** The greatest divisor of `number` that is at most `limit`; 0 for 0. */
function greatestDivisor(number: number, limit: number): number {
  let divisor = Math.min(number, limit);
  while (divisor > 1 && number % divisor !== 0) divisor--;
  return divisor;
}

/**
 * A tail call in a callback makes the 6.18 verifier warn of a bug of its own ("callback unexpected regs 1", a WARN in the
 * kernel's log, which ends a machine with panic_on_warn): such a program is not even offered.
 */
const tailCalls = (insns: readonly Insn[]): boolean =>
  insns.some((insn) => isHelperCall(insn) && insn.imm === BPF_FUNC.tail_call);

const plainLooping = (type: number): Looping => takesPacket(type) ? "repeat" : "one call each";
const flagsOf = (type: number): number => type === BPF_PROG_TYPE.SYSCALL ? BPF_F_SLEEPABLE : 0;
