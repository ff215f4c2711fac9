/** BPF_PROG_RUN: what goes into bpf_prog_test_run_opts for each program type (net/bpf/test_run.c). */
import { addressOf, libbpf, options } from "./libbpf.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { takesPacket } from "./prog_types.ts";
import { BPF_F_TEST_RUN_ON_CPU } from "../../uapi/flags.ts";

/** Offsets of struct bpf_test_run_opts (tools/lib/bpf/bpf.h). */
const OPTS = {
  bytes: 80,
  dataIn: 8,
  dataSizeIn: 24,
  ctxIn: 32,
  ctxSizeIn: 48,
  retval: 56,
  repeat: 60,
  flags: 68,
  cpu: 72,
} as const;
/** A packet of zeroes, long enough for an Ethernet header. */
const PACKET_BYTES = 64;
/** BPF_PROG_RUN wants the whole context that a syscall program may read. */
const SYSCALL_CTX_BYTES = 256;
const RAW_TP_CTX_BYTES = 96;

/** One call of BPF_PROG_RUN, as plain data that can be sent to a worker. */
export interface TestRun {
  readonly fd: number;
  readonly type: number;
  /** Turns of the kernel's own loop; only packet types have one. */
  readonly repeat?: number;
  /** The packet of a packet type, else the context. */
  readonly input?: Uint8Array;
  /** raw_tp only: run on this CPU, in an inter-processor interrupt when it is not the caller's. */
  readonly onCpu?: number;
}

/** A prepared call, to be made as often as wanted. */
export class PreparedTestRun {
  readonly #fd: number;
  readonly #options: Uint8Array<ArrayBuffer>;
  /** Kept so that the memory that the options point at stays. */
  readonly #input: Uint8Array<ArrayBuffer>;

  constructor(run: TestRun) {
    const packet = takesPacket(run.type);
    const least = packet ? PACKET_BYTES : run.type === BPF_PROG_TYPE.SYSCALL ? SYSCALL_CTX_BYTES : RAW_TP_CTX_BYTES;
    this.#input = new Uint8Array(Math.max(least, run.input?.length ?? 0));
    if (run.input) this.#input.set(run.input);
    this.#fd = run.fd;
    this.#options = options(OPTS.bytes, [
      [packet ? OPTS.dataIn : OPTS.ctxIn, 8, addressOf(this.#input)],
      [packet ? OPTS.dataSizeIn : OPTS.ctxSizeIn, 4, this.#input.length],
      [OPTS.repeat, 4, packet ? run.repeat ?? 1 : 0],
      [OPTS.flags, 4, run.onCpu === undefined ? 0 : BPF_F_TEST_RUN_ON_CPU],
      [OPTS.cpu, 4, run.onCpu ?? 0],
    ]);
  }

  /** Makes the call; 0 or a negative errno. */
  call(): number {
    return libbpf().bpf_prog_test_run_opts(this.#fd, this.#options);
  }

  /** What the program returned in the last call. */
  get returned(): number {
    return new DataView(this.#options.buffer).getUint32(OPTS.retval, true);
  }
}
