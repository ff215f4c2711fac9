/** What to run: which program how often on which CPU, which interrupts, which user-space actors. */
import type { MemoryModel } from "./memory_model.ts";
import type { Model } from "../cpu/operation.ts";
import type { UserActor } from "../maps/user_actor.ts";
import type { UserApi } from "../maps/user_space.ts";
import type { InterruptKind } from "./contexts.ts";

export type { InterruptKind };

export const MAX_CPUS = 512;

/**
 * One program on some CPUs.
 *
 * @example
 * ```ts
 * import type { ProgRun } from "interleave";
 * const writer: ProgRun = { prog: "write", cpus: [0], invocations: 10 };
 * ```
 */
export interface ProgRun {
  /** Name of the C function. */
  readonly prog: string;
  /** CPU numbers; all CPUs when left out. */
  readonly cpus?: readonly number[];
  /** Runs per CPU. */
  readonly invocations?: number;
  /** May sleep and be switched out in the middle of a run (`SEC("syscall")`, `?.s` sections). */
  readonly sleepable?: boolean;
  /** First bytes of the program's context, zero beyond. */
  readonly ctx?: Uint8Array;
  /** Of a program that is handed packets (XDP, tc, socket, cgroup_skb): what its runs get, as {@link Workload.packets}. */
  readonly packets?: readonly Uint8Array[];
  /**
   * What has to be done before it begins: programs by name (all their runs) and user actors. Default: nothing.
   */
  readonly after?: string | readonly string[];
  /**
   * The program at the entry of the function or system call that this one is at the exit of: on each CPU, each of its runs
   * follows one of that program's, in the same process.
   */
  readonly exitOf?: string;
  /**
   * The process and thread that it runs for, as bpf_get_current_pid_tgid gives them. Default: a process of its own for
   * each task, numbered from 1000; `tgid` is `pid` where it is left out.
   */
  readonly pid?: number;
  /** Number of its process. */
  readonly tgid?: number;
}

/**
 * A program that an interrupt runs on a CPU, in the middle of whatever runs there that lets it in (contexts.ts).
 *
 * @example
 * ```ts
 * import type { Interrupt } from "interleave";
 * const timer: Interrupt = { prog: "count", cpu: 0, count: 2 };
 * const sampled: Interrupt = { prog: "count", cpu: 0, kind: "nmi" };
 * ```
 */
export interface Interrupt {
  /** Name of the C function. */
  readonly prog: string;
  /** The CPU that it strikes. */
  readonly cpu: number;
  /**
   * What comes in between: `nmi` > `hardirq` > `softirq`, each of which interrupts only what is lower and lets it in, or
   * `preemption`, another task (with `preempt: "full"`). Default by the program's section: `nmi` for perf_event, `softirq`
   * for XDP, tc, LSM and socket programs, `preemption` for those that only tasks run, `hardirq` for tracing programs.
   */
  readonly kind?: InterruptKind;
  /** How many times it strikes. */
  readonly count?: number;
  /** First bytes of the program's context, zero beyond. */
  readonly ctx?: Uint8Array;
  /** Of a program that is handed packets (XDP, tc, socket, cgroup_skb): what its runs get, as {@link Workload.packets}. */
  readonly packets?: readonly Uint8Array[];
}

/** The limits that keep a cell from hanging. */
export interface Limits {
  /** Visible operations of the whole run. */
  readonly steps?: number;
  /** Instructions of one invocation between two visible operations. */
  readonly insnsPerStep?: number;
  /**
   * How many times in a row callbacks of timers and work queues may start timers and work: what they start then is left
   * waiting. Default 1 in a search, else 100.
   */
  readonly rearms?: number;
}

/**
 * What to run: which programs how often on which CPUs, what interrupts them, what user space does meanwhile. Without
 * `programs` those of an object that share maps or variables run on every CPU.
 *
 * @example
 * ```ts
 * import { bpf, simulate, type Workload } from "interleave";
 * const twoSided = await bpf`int counter;
 * SEC("raw_tp") int up(void *ctx) { __sync_fetch_and_add(&counter, 2); return 0; }
 * SEC("raw_tp") int down(void *ctx) { __sync_fetch_and_sub(&counter, 1); return 0; }`;
 * const workload: Workload = { cpus: 2, programs: [{ prog: "up", cpus: [0] }, { prog: "down", cpus: [1] }], invocations: 10 };
 * const run = await simulate(twoSided, workload);
 * if (run.final.counter !== 10n) throw new Error("ten times two, less ten");
 * ```
 */
export interface Workload {
  /** Number of simulated CPUs, 1 to 512. Default 2. */
  readonly cpus?: number;
  /** Runs per CPU of every program that does not say otherwise. Default 1000. */
  readonly invocations?: number;
  /**
   * Which programs run; a name stands for `{ prog: name }`. Default: on every CPU the object's only program; of several
   * those that share maps or variables, as one process of each CPU, exit programs after their entry programs.
   */
  readonly programs?: readonly (string | ProgRun)[];
  /**
   * What programs that are handed packets get, the first one in the first run on each CPU, then in turn; from the Ethernet
   * header on, 14 to 3520 bytes each. Default: an IPv4 TCP packet, then UDP, ICMP, the same over IPv6, one with a VLAN tag,
   * ARP, and one that is cut off.
   */
  readonly packets?: readonly Uint8Array[];
  /** Programs that interrupts run on CPUs, at moments that the scheduler chooses. */
  readonly interrupts?: readonly Interrupt[];
  /** What user space does before anything else runs: keys that have to exist, counters that do not start at zero. */
  readonly prepare?: (user: UserApi) => Model<unknown>;
  /** User-space actors, each a generator function over the `user` API. */
  readonly user?: readonly UserActor[];
  /**
   * `full`: a task can be switched out in the middle of a run for another one of the same CPU, as on PREEMPT and PREEMPT_RT
   * kernels, where the kernel runs the program preemptibly: fentry, LSM, cgroup, syscall, on PREEMPT_RT XDP and tc too; not
   * raw tracepoints and kprobes. Default none.
   */
  readonly preempt?: "none" | "full";
  /** What ends a run that would not end by itself. */
  readonly limits?: Limits;
  /**
   * Which memory `simulate` and `explore` run on: `x86` (total store order, the default), or `sc`, the idealisation that
   * every store is in memory at once. Threads and the kernel have the memory of this computer, whatever is asked.
   */
  readonly memory?: MemoryModel;
  /**
   * `false`: run even what the kernel's verifier would refuse; `true`: only what it is known to accept. Default: all but what
   * it is known to refuse whatever the kernel, with a remark on what is not known, and on what the 6.18 kernel lacks.
   */
  readonly verify?: boolean;
}
