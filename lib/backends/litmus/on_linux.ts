/**
 * A litmus test on the running kernel: each thread is a BPF program on a CPU of its own, run by BPF_PROG_RUN from a common
 * start line, and one call runs all turns by bpf_loop. All memory is the one value of an array map.
 */
import { BackendError } from "../../host/backend_error.ts";
import { Crew } from "../../host/crew.ts";
import { BPF_PSEUDO, type Insn } from "../../isa/insn.ts";
import { Assembler } from "../../search/litmus/column.ts";
import type { Column, LitmusFile } from "../../search/litmus/litmus_file.ts";
import { errnoName } from "../../uapi/errno.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { whyNot } from "../backend.ts";
import { linuxAvailable } from "../linux/available.ts";
import type { LinkedProgram } from "../linux/harness.ts";
import { cString, libbpf, libc, options } from "../linux/libbpf.ts";
import { loadProgram, ProgramRefused } from "../linux/load_program.ts";
import type { RunReply, RunRequest } from "../linux/pinned_worker.ts";
import { newStartLine, runFromStartLine } from "../start_line.ts";
import { allowedCpus } from "../thread_control.ts";
import { type Arrays, TURNS } from "./arrays.ts";
import type { LitmusMachine } from "./machine.ts";
import { appendTurn, type LoadAddress } from "./turn.ts";

const KEY = new Uint8Array(4);

export function litmusOnLinux(file: LitmusFile, arrays: Arrays): LitmusMachine {
  const availability = linuxAvailable();
  if (!availability.available) throw new BackendError(`no running kernel to use: ${whyNot(availability)}`);
  return new KernelLitmus(file, arrays);
}

class KernelLitmus implements LitmusMachine {
  readonly on: string;
  readonly #map: number;
  readonly #programs: number[] = [];
  readonly #cpus = allowedCpus();
  readonly #initial: Uint8Array<ArrayBuffer>;
  readonly #startLine = newStartLine();
  readonly #crew: Crew<RunRequest, RunReply>;

  constructor(readonly file: LitmusFile, readonly arrays: Arrays) {
    const threads = file.columns.length;
    this.#initial = arrays.initial();
    this.#map = libbpf().bpf_map_create(BPF_MAP_TYPE.ARRAY, cString("litmus"), 4, arrays.bytes, 1, options(8));
    if (this.#map < 0) {
      throw new BackendError(`the kernel refuses a map of ${arrays.bytes} bytes: ${errnoName(this.#map)}`);
    }
    this.#crew = new Crew(new URL("../linux/pinned_worker.ts", import.meta.url), threads);
    try {
      for (const column of file.columns) this.#programs.push(this.#load(column));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    const shared = threads > this.#cpus.length ? `, ${threads} threads on ${this.#cpus.length} CPUs` : "";
    this.on = `the running kernel ${Deno.osRelease()} on ${Deno.build.arch}${shared}`;
  }

  get #alone(): boolean {
    return this.file.columns.length <= this.#cpus.length;
  }

  #load(column: Column): number {
    try {
      return loadProgram(BPF_PROG_TYPE.RAW_TRACEPOINT, this.#program(column), "GPL");
    } catch (error) {
      if (!(error instanceof ProgramRefused)) throw error;
      throw new BackendError(`the kernel's verifier refuses P${column.proc}: ${error.message}`);
    }
  }

  /** `int main(ctx) { bpf_loop(TURNS, turn, NULL, 0); return 0; }` and the turn. */
  #program(column: Column): LinkedProgram {
    const map = this.#map,
      insn = (opcode: number, dst: number, src: number, imm: number): Insn => ({
        opcode,
        dst,
        src,
        off: 0,
        imm,
      });
    const main = [
      insn(0xb7, 1, 0, TURNS), // r1 = TURNS
      insn(0x18, 2, BPF_PSEUDO.FUNC, 6), // r2 = turn
      insn(0, 0, 0, 0),
      insn(0xb7, 3, 0, 0), // r3 = NULL
      insn(0xb7, 4, 0, 0), // r4 = 0
      insn(0x85, 0, 0, BPF_FUNC.loop),
      insn(0xb7, 0, 0, 0), // r0 = 0
      insn(0x95, 0, 0, 0),
    ];
    const loadAddress: LoadAddress = ({ insns }, register, offset) => {
      insns.push(insn(0x18, register, BPF_PSEUDO.MAP_VALUE, map), insn(0, 0, 0, offset));
    };
    const turn = new Assembler(this.file, column);
    appendTurn(turn, this.file, column, this.arrays, loadAddress, this.#alone);
    turn.insns.push(insn(0xb7, 0, 0, 0), insn(0x95, 0, 0, 0));
    return { insns: [...main, ...turn.insns], starts: [0, main.length] };
  }

  async run(): Promise<Uint8Array> {
    const failed = libbpf().bpf_map_update_elem(this.#map, KEY, this.#initial, 0n);
    if (failed !== 0) throw new BackendError(`the kernel refuses to write the test's memory: ${errnoName(failed)}`);
    const threads = this.#programs.length, startLine = this.#startLine, alone = this.#alone;
    const replies = await runFromStartLine(startLine, () =>
      this.#programs.map((fd, thread) =>
        this.#crew.ask(thread, {
          run: { fd, type: BPF_PROG_TYPE.RAW_TRACEPOINT },
          calls: 1,
          cpu: this.#cpus[thread % this.#cpus.length],
          threads,
          startLine,
          alone,
        })
      ));
    for (const { errno } of replies) {
      if (errno !== 0) throw new BackendError(`BPF_PROG_RUN of ${this.file.name} failed: ${errnoName(errno)}`);
    }
    const memory = new Uint8Array(this.arrays.bytes);
    libbpf().bpf_map_lookup_elem_flags(this.#map, KEY, memory, 0n);
    return memory;
  }

  [Symbol.dispose](): void {
    this.#crew.close();
    for (const fd of this.#programs.splice(0)) libc().close(fd);
    libc().close(this.#map);
  }
}
