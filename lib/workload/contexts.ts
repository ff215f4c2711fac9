/**
 * In what context a program runs, by its SEC() name, as Linux 6.18 does it: what it can interrupt, what can interrupt or
 * preempt it, and when the kernel skips a run.
 *
 * A CPU is in one context at a time, and only a higher one comes in between: task < softirq < hardirq < NMI
 * (include/linux/preempt.h). Two runs of one level never nest on a CPU, but that a task can be preempted.
 */
import type { Program } from "../object/bpf_object.ts";
import { programKind } from "../verifier/kernel/program_types.ts";

/** Contexts of a CPU, the lowest first: what comes later interrupts what comes earlier. */
export const LEVELS = ["task", "softirq", "hardirq", "nmi"] as const;
/** @internal */
export type Level = typeof LEVELS[number];

/** How a program comes in between: by an interrupt of some kind, or in another task that preempts. */
export type InterruptKind = "hardirq" | "softirq" | "nmi" | "preemption";

/**
 * What keeps a run from happening while another one is under way on the CPU.
 *
 * - `prog->active`: the same program. include/linux/bpf.h:bpf_prog_get_recursion_context.
 * - `bpf_prog_active`: any program with this guard, and user space's calls on maps
 *   (include/linux/bpf.h:bpf_disable_instrumentation).
 *
 * @internal
 */
export type RecursionGuard = "prog->active" | "bpf_prog_active";

/** What the kernel does around the runs of a kind of program. */
export interface ProgramContexts {
  /** What messages call such programs. */
  readonly what: string;
  /** SEC() names, without what follows a slash where anything may. */
  readonly sections: readonly string[];
  /** Contexts that its hooks can be in. */
  readonly runsIn: readonly Level[];
  /** Where it runs when a workload lists it under `programs`: in the lowest of its contexts, but for perf_event. */
  readonly base: Level;
  /** Where it runs when a workload lists it under `interrupts` and does not say. */
  readonly interrupt: Level;
  /**
   * Whether another task can take the CPU in the middle of a run on a kernel that preempts. Of softirqs that is so on
   * PREEMPT_RT only, which runs them in threads (kernel/softirq.c); bottom halves that are off do not keep other threads
   * away there since 6.18 (CONFIG_PREEMPT_RT_NEEDS_BH_LOCK).
   */
  readonly preemptible: boolean;
  readonly guard?: RecursionGuard;
  /** Where the kernel does so. */
  readonly source: string;
}

const ANY = LEVELS;

/** The table. Every section of uapi/sections.ts is in one row. */
export const CONTEXTS: readonly ProgramContexts[] = [
  {
    what: "raw tracepoint",
    sections: ["raw_tracepoint", "raw_tp", "raw_tracepoint.w", "raw_tp.w", "tp_btf"],
    runsIn: ANY,
    base: "task",
    interrupt: "hardirq",
    preemptible: false,
    guard: "prog->active",
    source: "include/linux/tracepoint.h:__DECLARE_TRACE (guard(preempt_notrace)); include/trace/bpf_probe.h: " +
      "__BPF_DECLARE_TRACE_SYSCALL (preempt_disable_notrace); kernel/trace/bpf_trace.c:__bpf_trace_run",
  },
  {
    what: "kprobe and tracepoint",
    sections: [
      ...["kprobe", "kretprobe", "ksyscall", "kretsyscall", "kprobe.multi", "kretprobe.multi", "kprobe.session"],
      ...["tracepoint", "tp"],
    ],
    runsIn: ANY,
    base: "task",
    interrupt: "hardirq",
    preemptible: false,
    guard: "bpf_prog_active",
    source: "kernel/trace/bpf_trace.c:trace_call_bpf (cant_sleep), kprobe_multi_link_prog_run; " +
      "arch/x86/kernel/kprobes/ftrace.c:kprobe_ftrace_handler (preempt_disable_notrace)",
  },
  {
    what: "perf_event",
    sections: ["perf_event"],
    // A hardware counter's overflow is an NMI, a software clock's a timer interrupt (perf_swevent_hrtimer).
    runsIn: ["hardirq", "nmi"],
    base: "nmi",
    interrupt: "nmi",
    preemptible: false,
    guard: "bpf_prog_active",
    source: "kernel/events/core.c:bpf_overflow_handler, which does not count what it skips",
  },
  {
    what: "fentry, fexit and fmod_ret",
    sections: ["fentry", "fexit", "fmod_ret"],
    runsIn: ANY,
    base: "task",
    interrupt: "hardirq",
    preemptible: true,
    guard: "prog->active",
    source: "kernel/bpf/trampoline.c:__bpf_prog_enter_recur (rcu_read_lock, migrate_disable)",
  },
  {
    what: "sleepable fentry, fexit and fmod_ret",
    sections: ["fentry.s", "fexit.s", "fmod_ret.s"],
    runsIn: ["task"],
    base: "task",
    interrupt: "task",
    preemptible: true,
    guard: "prog->active",
    source:
      "kernel/bpf/trampoline.c:__bpf_prog_enter_sleepable_recur (rcu_read_lock_trace, might_fault, migrate_disable)",
  },
  {
    what: "LSM",
    sections: ["lsm", "lsm_cgroup"],
    runsIn: ["task", "softirq"],
    base: "task",
    interrupt: "softirq",
    preemptible: true,
    source:
      "include/linux/bpf_verifier.h:bpf_prog_check_recur (false for LSM); kernel/bpf/trampoline.c:__bpf_prog_enter, " +
      "__bpf_prog_enter_lsm_cgroup",
  },
  {
    what: "sleepable LSM",
    sections: ["lsm.s"],
    runsIn: ["task"],
    base: "task",
    interrupt: "task",
    preemptible: true,
    source: "include/linux/bpf_verifier.h:bpf_prog_check_recur; kernel/bpf/trampoline.c:__bpf_prog_enter_sleepable",
  },
  {
    what: "uprobe",
    sections: [
      ...["uprobe", "uretprobe", "usdt", "uprobe.multi", "uretprobe.multi", "uprobe.session", "uprobe.session.s"],
      ...["uprobe.s", "uretprobe.s", "usdt.s", "uprobe.multi.s", "uretprobe.multi.s"],
    ],
    runsIn: ["task"],
    base: "task",
    interrupt: "task",
    preemptible: true,
    source: "include/linux/bpf.h:bpf_prog_run_array_uprobe; kernel/trace/bpf_trace.c:uprobe_prog_run: no guard in 6.18",
  },
  {
    what: "XDP",
    sections: ["xdp", "xdp.frags", "xdp/devmap", "xdp.frags/devmap", "xdp/cpumap", "xdp.frags/cpumap"],
    runsIn: ["softirq"],
    base: "softirq",
    interrupt: "softirq",
    preemptible: true,
    source: "net/core/dev.c:__napi_poll; kernel/bpf/cpumap.c:cpu_map_kthread_run (local_bh_disable)",
  },
  {
    what: "tc and lwt",
    sections: [
      ...["tc", "tc/ingress", "tc/egress", "tcx/ingress", "tcx/egress", "classifier", "action"],
      ...["netkit/primary", "netkit/peer", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"],
    ],
    // On the way out a task runs it too, but with bottom halves off: that keeps softirqs and preemption away alike.
    runsIn: ["softirq"],
    base: "softirq",
    interrupt: "softirq",
    preemptible: true,
    source: "net/core/dev.c:__dev_queue_xmit (rcu_read_lock_bh), sch_handle_ingress; net/core/lwt_bpf.c:run_lwt_bpf " +
      "(local_bh_disable)",
  },
  {
    what: "sk_lookup and sk_reuseport",
    sections: ["sk_lookup", "sk_reuseport", "sk_reuseport/migrate"],
    runsIn: ["softirq"],
    base: "softirq",
    interrupt: "softirq",
    preemptible: true,
    source: "net/ipv4/inet_hashtables.c:inet_lookup_run_sk_lookup; net/core/sock_reuseport.c:reuseport_select_sock, " +
      "reuseport_migrate_sock (under bh_lock_sock)",
  },
  {
    what: "socket",
    sections: [
      ...["socket", "flow_dissector", "sockops", "sk_skb", "sk_skb/stream_parser", "sk_skb/stream_verdict"],
      ...["sk_skb/verdict", "cgroup/skb", "cgroup_skb/ingress", "cgroup_skb/egress", "netfilter"],
    ],
    // What a task sends goes through them in that task, with softirqs on; what arrives, in a softirq.
    runsIn: ["task", "softirq"],
    base: "task",
    interrupt: "softirq",
    preemptible: true,
    source: "net/core/filter.c:sk_filter_trim_cap; net/ipv4/ip_output.c:ip_finish_output; kernel/bpf/cgroup.c: " +
      "__cgroup_bpf_run_filter_skb; include/net/tcp.h:tcp_call_bpf; net/netfilter/core.c:nf_hook_slow",
  },
  {
    what: "cgroup, syscall and iterator",
    sections: [
      ...["syscall", "iter", "iter.s", "sk_msg", "cgroup/sock", "cgroup/sock_create", "cgroup/sock_release"],
      ...["bind4", "bind6", "post_bind4", "post_bind6", "connect4", "connect6", "sendmsg4", "sendmsg6"]
        .map((hook) => `cgroup/${hook}`),
      ...["connect_unix", "sendmsg_unix", "recvmsg_unix", "getpeername_unix", "getsockname_unix"]
        .map((hook) => `cgroup/${hook}`),
      ...["recvmsg4", "recvmsg6", "getpeername4", "getpeername6", "getsockname4", "getsockname6", "sysctl", "dev"]
        .map((hook) => `cgroup/${hook}`),
      ...["cgroup/getsockopt", "cgroup/setsockopt"],
    ],
    runsIn: ["task"],
    base: "task",
    interrupt: "task",
    preemptible: true,
    source: "kernel/bpf/cgroup.c:bpf_prog_run_array_cg (rcu_read_lock_dont_migrate); kernel/bpf/syscall.c: " +
      "bpf_prog_test_run; kernel/bpf/bpf_iter.c:bpf_iter_run_prog; net/ipv4/tcp_bpf.c:tcp_bpf_sendmsg",
  },
];

/** For a SEC() name that libbpf does not know: whatever is possible may happen to it. */
const UNKNOWN: ProgramContexts = {
  what: "unknown",
  sections: [],
  runsIn: ANY,
  base: "task",
  interrupt: "hardirq",
  preemptible: true,
  source: "not known",
};

/** The row of a SEC() name. */
export function contextsOf(section: string): ProgramContexts {
  const target = programKind(section)?.target;
  const bare = section.replace(/^\?/, "");
  const name = target ? bare.slice(0, -target.length - 1) : bare;
  return CONTEXTS.find(({ sections }) => sections.includes(name)) ?? UNKNOWN;
}

/** How one task of a workload runs its program. */
export interface RunContext {
  readonly level: Level;
  readonly preemptible: boolean;
  readonly guard?: RecursionGuard;
}

/** User space, in its system calls too, is a task that can be preempted. */
export const USER_CONTEXT: RunContext = { level: "task", preemptible: true };

/** Whether a program may sleep, by its section (libbpf's section_defs). */
export const isSleepable = ({ section }: Program): boolean => /^[a-z_]+\.s(\/|$)|^syscall/.test(section);

/** Of a program under `programs`; one that may sleep can be preempted as well. */
export function baseContext({ section }: Program, sleepable: boolean): RunContext {
  const { base, preemptible, guard } = contextsOf(section);
  return { level: base, preemptible: preemptible || sleepable, guard };
}

/** Of a program under `interrupts`. */
export function interruptContext(program: Program, kind: InterruptKind): RunContext {
  const { base, preemptible, guard } = contextsOf(program.section);
  return { level: kind === "preemption" ? base : kind, preemptible, guard };
}

/** The kind of interrupt that a program of this section is run by when the workload does not say. */
export function defaultKind({ section }: Program): InterruptKind {
  const { interrupt } = contextsOf(section);
  return interrupt === "task" ? "preemption" : interrupt;
}
