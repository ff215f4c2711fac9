/** What older kernels lack or say otherwise, as far as recorded verdicts show it; the rules themselves ask `hasSince`. */
import { ALU, BPF_CLASS, BPF_MODE, classOf, type Insn, modeOf } from "../../isa/insn.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { hasSince, type KernelRelease, NEWEST } from "../../uapi/releases.ts";
import { essentialName } from "./core_relo.ts";
import { recordedVerdicts } from "./recorded_verdicts.ts";

/**
 * The first kernel function that the object declares and an older kernel lacks; libbpf sorts them by name, and refuses
 * the object for the functions of any of its programs (libbpf.c:bpf_object__resolve_externs).
 */
export function missingFunction({ programs }: BpfObject, kernel: KernelRelease): string | undefined {
  const declared = programs.flatMap(({ relocations }) => relocations).flatMap((relocation) =>
    relocation.kind === "extern" && !relocation.isWeak ? [relocation.name] : []
  );
  return [...new Set(declared)].sort().find((name) => lacksFunction(name, kernel));
}

/** Whether an older kernel's BTF has no such function and that of 6.18 has. */
export function lacksFunction(name: string, kernel: KernelRelease): boolean {
  if (kernel === NEWEST) return false;
  const { kernels } = recordedVerdicts(), essential = essentialName(name);
  const has = (release: KernelRelease) => kernels[release]?.functions.includes(essential) ?? false;
  return has(NEWEST) && !has(kernel);
}

const ATOMIC_WIDTHS_SINCE = "6.15", CONDITIONAL_GOTO = 0xe5, LONG_GOTO = 0x06;

/** Jumps, calls, negations and swaps have one form, not one for each kind of source (kernel/bpf/core.c:BPF_INSN_MAP). */
const NO_OPCODES: readonly number[] = [0x0d, 0x0e, 0x8c, 0x8d, 0x8f, 0xdf];

/** Whether a kernel has no such opcode (kernel/bpf/core.c:BPF_INSN_MAP). */
export function isUnknownOpcode(insn: Insn, kernel: KernelRelease): boolean {
  const { opcode } = insn;
  if (NO_OPCODES.includes(opcode)) return true;
  if (kernel === NEWEST) return false;
  const isNarrowAtomic = classOf(insn) === BPF_CLASS.STX && modeOf(insn) === BPF_MODE.ATOMIC &&
    (opcode & 0x18) !== 0x00 && (opcode & 0x18) !== 0x18;
  if (isNarrowAtomic) return !hasSince(kernel, ATOMIC_WIDTHS_SINCE);
  if (opcode === CONDITIONAL_GOTO) return !hasSince(kernel, "6.9");
  const isSwap = classOf(insn) === BPF_CLASS.ALU64 && (opcode & 0xf0) === ALU.END;
  return (opcode === LONG_GOTO || isSwap) && !hasSince(kernel, "6.6");
}

/** A message of 6.18 in the words of an older kernel. */
export function wording(message: string, kernel: KernelRelease): string {
  if (kernel === NEWEST) return message;
  let text = message;
  for (const { until, from, to } of WORDINGS) {
    if (hasSince(kernel, until)) continue;
    text = typeof to === "string" ? text.replace(from, to) : text.replace(from, to);
  }
  return text;
}

/** `until`: the first of the recorded releases that speaks as 6.18 does. */
const WORDINGS: readonly { until: KernelRelease; from: RegExp; to: string | ((...groups: string[]) => string) }[] = [
  {
    until: "6.12",
    from: /^(misaligned (?:\w+ )?access off (?:2\+)?)(\d+)\+/,
    to: (_all, start, value) => `${start}(0x${Number(value).toString(16)}; 0x0)+`,
  },
  {
    until: "6.12",
    from: /has smin=(\d+) smax=(\d+) should have been in \[(\d+), (\d+)\]/,
    to: (_all, ...numbers) => {
      const [min, max, least, most] = numbers.slice(0, 4).map(Number), hex = (value: number) => value.toString(16);
      return `has value (0x${hex(min === max ? min : 0)}; 0x${hex(min === max ? 0 : max)}) ` +
        `should have been in (0x${hex(least)}; 0x${hex(most)})`;
    },
  },
  { until: "6.12", from: /^At async callback return the register/, to: "At async callback the register" },
  { until: "6.12", from: /^(invalid variable-offset .*\)) off=-?\d+ size=/, to: "$1 size=" },
  { until: "6.12", from: /^(Caller passes invalid args into func#\d+) \('\w+'\)$/, to: "$1" },
  { until: "6.12", from: /expected=map_value, ptr_$/, to: "expected=map_value" },
  {
    until: "6.12",
    from: /expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_$/,
    to: "expected=fp, pkt, pkt_meta, map_key, map_value, mem, alloc_mem, buf",
  },
  { until: "6.12", from: /\bringbuf_mem/g, to: "alloc_mem" },
  {
    until: "6.12",
    from: /^map '(.+)' has no valid bpf_spin_lock$/,
    to: "map '$1' doesn't have 'struct bpf_spin_lock'",
  },
  { until: "6.12", from: /^(off -?\d+ doesn't point to 'struct bpf_spin_lock') that is at \d+$/, to: "$1" },
  { until: "6.12", from: /xdp_sock, ptr_, trusted_ptr_$/, to: "xdp_sock, ptr_" },
  { until: "6.12", from: /expected=ptr_, trusted_ptr_, rcu_ptr_$/, to: "expected=ptr_" },
  {
    until: "6.18",
    from: /^BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region$/,
    to: "bpf_spin_unlock is missing",
  },
  { until: "6.12", from: /^program of this type cannot use helper (\S+)$/, to: "unknown func $1" },
];
