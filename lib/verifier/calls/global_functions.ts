/** Global functions: their arguments as BTF declares them (kernel/bpf/btf.c:btf_prepare_func_args). */
import type { Btf, BtfType } from "../../object/btf.ts";
import type { Environment, SubprogArg, SubprogNotes } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { BPF_PROG_TYPE as P } from "../../uapi/prog_types.ts";
import { essentialName } from "../kernel/core_relo.ts";
import { isScalarType, skipModifiers } from "../../object/special_fields.ts";

const MAX_ARGS = 5;
const SKB = "__sk_buff";
/** The struct that each program type calls its context. */
const CONTEXT_NAMES: Readonly<Record<number, readonly string[]>> = {
  [P.XDP]: ["xdp_md"],
  [P.KPROBE]: ["pt_regs", "user_pt_regs"],
  [P.RAW_TRACEPOINT]: ["bpf_raw_tracepoint_args"],
  [P.RAW_TRACEPOINT_WRITABLE]: ["bpf_raw_tracepoint_args"],
  [P.PERF_EVENT]: ["bpf_perf_event_data"],
  [P.SOCK_OPS]: ["bpf_sock_ops"],
  [P.SK_MSG]: ["sk_msg_md"],
  [P.CGROUP_SOCK]: ["bpf_sock"],
  [P.CGROUP_SOCK_ADDR]: ["bpf_sock_addr"],
  [P.CGROUP_DEVICE]: ["bpf_cgroup_dev_ctx"],
  [P.CGROUP_SYSCTL]: ["bpf_sysctl"],
  [P.CGROUP_SOCKOPT]: ["bpf_sockopt"],
  [P.SK_REUSEPORT]: ["sk_reuseport_md"],
  [P.SK_LOOKUP]: ["bpf_sk_lookup"],
  [P.NETFILTER]: ["bpf_nf_ctx"],
  [P.SOCKET_FILTER]: [SKB],
  [P.SCHED_CLS]: [SKB],
  [P.SCHED_ACT]: [SKB],
  [P.CGROUP_SKB]: [SKB],
  [P.LWT_IN]: [SKB],
  [P.LWT_OUT]: [SKB],
  [P.LWT_XMIT]: [SKB],
  [P.LWT_SEG6LOCAL]: [SKB],
  [P.SK_SKB]: [SKB],
  [P.FLOW_DISSECTOR]: [SKB],
};

const kindName = (type: BtfType): string => type.kind === "void" ? "UNKNOWN" : type.kind.toUpperCase();

/** What stands in the way of treating a function by its prototype. */
class UnfitPrototype extends Error {
  override readonly name = "UnfitPrototype";
  constructor(readonly errno: number, readonly lines: readonly string[]) {
    super(lines.join("\n"));
  }
}

/**
 * The arguments of a function. For a static one a prototype that says nothing is no fault: `undefined`.
 *
 * @throws Rejection when the function is global and its prototype cannot be trusted
 */
export function functionArgs(env: Environment, subprog: SubprogNotes): readonly SubprogArg[] | undefined {
  if (subprog.args) return subprog.args;
  if (!env.btf || subprog.btfId === undefined) {
    if (subprog.isGlobal) env.reject(ERRNO.EFAULT, "Global functions need valid BTF");
    return undefined;
  }
  try {
    subprog.args = readArgs(env, env.btf, subprog);
    return subprog.args;
  } catch (error) {
    if (!(error instanceof UnfitPrototype)) throw error;
    if (!subprog.isGlobal) return undefined;
    env.log.write(error.lines.map((line) => line + "\n").join(""));
    env.fail(error.errno, error.lines.at(-1) ?? "");
  }
}

function readArgs(env: Environment, btf: Btf, subprog: SubprogNotes): readonly SubprogArg[] {
  const fn = btf.types[subprog.btfId ?? 0], proto = btf.types[fn?.type ?? 0];
  const params = proto?.params ?? [], name = fn?.name ?? subprog.name;
  if (params.length > MAX_ARGS) {
    throw new UnfitPrototype(ERRNO.EINVAL, [
      `Global function ${name}() with ${params.length} > ${MAX_ARGS} args. Buggy compiler.`,
    ]);
  }
  const returned = skipModifiers(btf, proto?.type ?? 0);
  if (!isScalarType(returned)) {
    throw new UnfitPrototype(ERRNO.EINVAL, [
      `Global function ${name}() doesn't return scalar. Only those are supported.`,
    ]);
  }
  return params.map((param, index) => readArg(env, btf, subprog, name, index, param.type));
}

function readArg(
  env: Environment,
  btf: Btf,
  subprog: SubprogNotes,
  name: string,
  index: number,
  typeId: number,
): SubprogArg {
  const type = skipModifiers(btf, typeId), tags = tagsOf(btf, subprog, index);
  const plain = { maybeNull: false, memSize: 0 };
  if (type.kind === "ptr") {
    const target = skipModifiers(btf, type.type ?? 0);
    if (tags.has("ctx") || isContext(env, btf, type, target)) return { kind: "ctx", ...plain };
    if (target.name === "bpf_dynptr") return { kind: "dynptr", ...plain };
    if (tags.has("trusted")) {
      return { kind: "btf", maybeNull: tags.has("nullable"), memSize: 0, type: essentialName(target.name) };
    }
    if (tags.has("arena")) return { kind: "arena", ...plain };
    const bytes = sizeOf(btf, target);
    if (bytes === undefined) {
      throw new UnfitPrototype(ERRNO.EINVAL, [
        `arg#${index} reference type('${kindName(target)} ${target.name}') size cannot be determined: -22`,
      ]);
    }
    return { kind: "mem", maybeNull: !tags.has("nonnull"), memSize: bytes };
  }
  if (tags.size > 0) {
    throw new UnfitPrototype(ERRNO.EINVAL, [`arg#${index} has pointer tag, but is not a pointer type`]);
  }
  if (isScalarType(type)) return { kind: "scalar", ...plain };
  throw new UnfitPrototype(ERRNO.EINVAL, [
    `Arg#${index} type ${kindName(type)} in ${name}() is not supported yet.`,
  ]);
}

/** `__arg_ctx`, `__arg_nonnull`, ...: declaration tags `arg:ctx`. */
function tagsOf(btf: Btf, subprog: SubprogNotes, index: number): Set<string> {
  const tags = new Set<string>();
  for (const type of btf.types) {
    const isOwn = type.kind === "decl_tag" && type.type === subprog.btfId &&
      type.component === index;
    if (isOwn && type.name.startsWith("arg:")) tags.add(type.name.slice(4));
  }
  return tags;
}

function isContext(env: Environment, btf: Btf, pointer: BtfType, target: BtfType): boolean {
  if (env.kind.type === P.KPROBE && btf.types[pointer.type ?? 0]?.name === "bpf_user_pt_regs_t") return true;
  return target.kind === "struct" && (CONTEXT_NAMES[env.kind.type] ?? []).includes(target.name);
}

function sizeOf(btf: Btf, type: BtfType): number | undefined {
  switch (type.kind) {
    case "int":
    case "enum":
    case "enum64":
    case "struct":
    case "union":
    case "float":
      return type.size;
    case "ptr":
      return 8;
    case "array": {
      const element = sizeOf(btf, skipModifiers(btf, type.type ?? 0));
      return element === undefined ? undefined : element * (type.nelems ?? 0);
    }
    default:
      return undefined;
  }
}
