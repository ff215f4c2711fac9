/** For readers: the program type that may do what this one may not. */
import { t } from "../words/translation.ts";

/** Sections whose programs run in any context (kernel/bpf/verifier.c:is_tracing_prog_type), and what stands in. */
const INSTEAD: readonly (readonly [RegExp, (target: string) => string])[] = [
  [/^raw_(tp|tracepoint)(\.w)?$/, (target) => t`tp_btf${suffix(target)} instead of raw_tp`],
  [/^(tp|tracepoint)$/, (target) => t`tp_btf${suffix(rawEvent(target))} instead of tracepoint`],
  [/^kretprobe/, (target) => t`fexit${suffix(target)} instead of kretprobe`],
  [/^(kprobe|ksyscall|kretsyscall)/, (target) => t`fentry${suffix(target)} instead of kprobe`],
  [/^socket/, () => t`tc instead of socket`],
];

const suffix = (target: string): string => /^[\w.]+$/.test(target) ? `/${target}` : "";

/** The raw tracepoint behind `sched/sched_switch`; that of each system call is sys_enter or sys_exit. */
const rawEvent = (target: string): string =>
  /^syscalls\/(sys_enter|sys_exit)_/.exec(target)?.[1] ?? target.replace(/^.*\//, "");

/**
 * The program type to use where this one may not take a lock or hold a timer, such as `tp_btf/sys_enter instead of
 * raw_tp`; `undefined` where no other type sees the same event (a user-space probe, a performance counter).
 *
 * @param section the program's SEC() name
 */
export function otherProgramType(section: string): string | undefined {
  const [, base, target = ""] = /^\??([^/]*)(?:\/(.*))?$/.exec(section)!;
  return INSTEAD.find(([name]) => name.test(base))?.[1](target);
}

/** The section whose programs may sleep and see the same event; `undefined` where there is none, as for tc and XDP. */
export function sleepableSection(section: string): string | undefined {
  const base = section.replace(/^\?/, "").replace(/\/.*$/, "");
  return SLEEPABLE.includes(base) ? `${base}.s` : undefined;
}

/** Those with a `.s` in libbpf's table of sections (tools/lib/bpf/libbpf.c:section_defs). */
const SLEEPABLE: readonly string[] = [
  ...["fentry", "fexit", "fmod_ret", "lsm", "iter", "struct_ops"],
  ...["uprobe", "uretprobe", "uprobe.multi", "uretprobe.multi", "usdt"],
];
