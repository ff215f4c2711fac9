/** What the verifier must know of a kernel's structs and tracepoints, out of its BTF. */
import type { Btf, BtfType } from "../../object/btf.ts";
import { resolveType } from "../../object/btf_types.ts";
import { argumentOf, elementOf, isAggregate, layoutOf } from "../../verifier/kernel/describe_types.ts";
import { hookOf, hookText } from "../../verifier/kernel/hooks.ts";
import type { ArgumentData, StructData } from "../../verifier/kernel/kernel_data.ts";

/** The kernel has no struct of a name that was asked for. */
export class NoSuchStruct extends Error {
  override name = "NoSuchStruct";
}

/**
 * Layouts of the structs that the kernel has among those named, sorted by name; structs inside them that are not named
 * too are left out but for their size.
 */
export function describeStructs(btf: Btf, names: readonly string[]): Record<string, StructData> {
  const structs = structsByName(btf), wanted = new Set(names.filter((name) => structs.has(name)));
  return Object.fromEntries(
    [...wanted].sort(byCode).map((name) => [name, layoutOf(btf, structs.get(name)!, (inside) => wanted.has(inside))]),
  );
}

/**
 * The structs named and those that lie inside them.
 *
 * @throws NoSuchStruct when the kernel has none of a name
 */
export function withEmbedded(btf: Btf, names: readonly string[]): string[] {
  const structs = structsByName(btf), found = new Set<string>();
  const add = (type: BtfType) => {
    if (found.has(type.name)) return;
    if (type.name !== "") found.add(type.name);
    for (const member of type.members ?? []) {
      const inside = elementOf(btf, member.type).type;
      if (isAggregate(inside)) add(inside);
    }
  };
  for (const name of names) {
    const type = structs.get(name);
    if (!type) throw new NoSuchStruct(`this kernel's BTF has no struct ${name}`);
    add(type);
  }
  return [...found];
}

/** Sizes in bytes of the structs that the kernel has among those named, sorted by name. */
export function describeSizes(btf: Btf, names: Iterable<string>): Record<string, number> {
  const structs = structsByName(btf);
  return Object.fromEntries(
    [...new Set(names)].sort(byCode).flatMap((name) => {
      const size = structs.get(name)?.size;
      return size === undefined ? [] : [[name, size]];
    }),
  );
}

/** Arguments of every tracepoint: of `typedef void (*btf_trace_NAME)(void *, ...)` (include/trace/bpf_probe.h). */
export function describeTracepoints(btf: Btf): Record<string, ArgumentData[]> {
  const found: [string, ArgumentData[]][] = [];
  for (const typedef of btf.types) {
    if (typedef.kind !== "typedef" || !typedef.name.startsWith(PREFIX)) continue;
    const pointer = resolveType(btf, typedef.id), proto = resolveType(btf, pointer.type ?? 0);
    if (pointer.kind !== "ptr" || proto.kind !== "func_proto") continue;
    // The first argument is the tracepoint's own data, which programs do not see.
    found.push([typedef.name.slice(PREFIX.length), proto.params!.slice(1).map(({ type }) => argumentOf(btf, type))]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => byCode(a, b)));
}

/**
 * Prototypes of functions that programs are attached to: of each LSM hook and each iterator, and of what tracing
 * programs commonly watch; a kernel has ten thousands more.
 */
export function describeHooks(btf: Btf): string[] {
  const names = new Set<string>(), lines: string[] = [];
  for (const type of btf.types) {
    if (type.kind !== "func" || names.has(type.name)) continue;
    const hook = hookOf(btf, type), isIterator = hook.args[0]?.type === "bpf_iter_meta";
    if (!isIterator && !WATCHED.test(type.name)) continue;
    names.add(type.name);
    lines.push(hookText(type.name, hook));
  }
  return lines.sort(byCode);
}

const WATCHED = new RegExp(
  [
    "^bpf_lsm_",
    "^(vfs_(read|write|open|unlink|rmdir|mkdir|create|rename|fsync|statx?|getattr|readv|writev|iter_read|iter_write))$",
    "^(do_(unlinkat|rmdir|mkdirat|sys_openat2|exit|nanosleep|execveat_common|mmap|syscall_64|fork)|kernel_clone)$",
    "^(tcp_(v[46]_connect|connect|close|sendmsg|recvmsg|set_state|rcv_established|retransmit_skb|v[46]_(do_)?rcv))$",
    "^(udp(v6)?_(sendmsg|recvmsg)|inet_csk_accept|inet(6)?_(bind|listen)|ip_(rcv|output|queue_xmit)|__dev_queue_xmit)$",
    "^(schedule|try_to_wake_up|wake_up_new_task|account_page_dirtied|mark_page_accessed|folio_account_dirtied)$",
    "^(folio_mark_accessed|mark_buffer_dirty|filemap_add_folio|kmem_cache_alloc.*|blk_account_io_(start|done)|bio_.*)$",
    "^(__x64_sys_\\w+|bpf_fentry_test\\w*|bpf_modify_return_test\\w*|security_(file_open|bprm_check|socket_connect))$",
    "^(__?set_task_comm|__set_task_comm|wait_for_completion|mutex_lock(_interruptible)?|mutex_unlock|down_read|up_read)$",
  ].join("|"),
);

const PREFIX = "btf_trace_";
const byCode = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0;

function structsByName(btf: Btf): Map<string, BtfType> {
  const structs = new Map<string, BtfType>();
  for (const type of btf.types) {
    if (isAggregate(type) && type.name !== "" && !structs.has(type.name)) structs.set(type.name, type);
  }
  return structs;
}
