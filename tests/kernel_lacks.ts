/** Which refusals of a kernel say nothing about a program, but that this kernel, build or CPU lacks something. */
import { errnoName } from "../lib/uapi/errno.ts";
import { verifierMessage } from "../lib/backends/linux/verifier_log.ts";
import type { KernelAnswer, Verdict } from "./kernel_agreement.ts";

/** The JIT of this CPU or a configuration option is missing (kernel/bpf/verifier.c: bpf_jit_supports_*, CONFIG_*). */
const BUILD_LACKS = /\bJIT\b|without CONFIG_|kernel is missing/i;

/** libbpf does not find a function or type that the program names (tools/lib/bpf/libbpf.c). */
const BTF_LACKS = /not found in kernel( or module)? BTF|failed to find kernel BTF type ID|failed to resolve/;

/** What kernels before the reference, or beside it, say of what they do not know. */
const RELEASE_LACKS: readonly (readonly [lack: RegExp, reason: string])[] = [
  [/invalid func unknown#\d+/, "it has no such helper"], // check_helper_call
  [/calling kernel function|kernel function .* (not allowed|not supported)|BPF_PSEUDO_KFUNC/, "it has no such kfunc"],
  [/unknown opcode|uses reserved fields|invalid BPF_(LD|LDX|ST|STX|ATOMIC)\b|BPF_ATOMIC uses invalid/, "unknown insn"],
  [/missing btf func_info|number of funcs in func_info|Invalid BTF|unrecognized .*BTF/i, "it lacks BTF of functions"],
  [/failed to create/, "it cannot make this map"], // libbpf: bpf_object__create_maps
];

/**
 * Why an answer is none, else undefined. On any kernel: EPERM without a log, as the verifier logs before it refuses
 * (bpf_prog_load's checks of capabilities come first); and, of a program that we accept, ENOTSUPP or EOPNOTSUPP for a
 * JIT or an option that was not built in, or a kernel symbol that libbpf does not find. Only on other releases, and only
 * of a program that we accept: what is newer than the kernel. All else is a verdict.
 */
export function whyNotAsked(ours: Verdict, kernel: KernelAnswer, isReference: boolean): string | undefined {
  if (kernel.verdict === "accept") return undefined;
  const logged = verifierMessage(kernel.log), name = errnoName(kernel.errno);
  if (name === "EPERM" && !logged) return "EPERM, and the verifier has not spoken";
  if (ours.verdict === "reject") return undefined;
  const text = `${kernel.log}\n${kernel.libbpf ?? ""}\n${kernel.message}`;
  if (name === "ENOTSUPP" || name === "EOPNOTSUPP") {
    if (!logged || BUILD_LACKS.test(logged)) return `${name}: ${kernel.message}`;
  }
  if (!logged && BTF_LACKS.test(text)) return `not in this kernel's BTF: ${kernel.message}`;
  if (isReference) return undefined;
  const lack = RELEASE_LACKS.find(([pattern]) => pattern.test(text));
  return lack && `${lack[1]}: ${kernel.message}`;
}

/**
 * Whether libbpf is older than what an object has: before 1.4 it read `map_extra` of a map definition as a number of 32
 * bits alone (libbpf.c:parse_btf_map_def), and arenas place themselves by one of 64. No kernel has been asked then.
 */
export const libbpfLacks = (message: string): boolean => /attr 'map_extra': expected PTR, got enum64/.test(message);
