/** Which system calls a map lets through: its flags, whether it is frozen, who writes it now (kernel/bpf/syscall.c). */
import { load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { Memory } from "../cpu/memory.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { BPF_F_MMAPABLE, BPF_F_RDONLY, BPF_F_WRONLY } from "../uapi/flags.ts";
import { errno } from "./errno.ts";
import type { KernelMap } from "./kernel_map.ts";

/** The words of struct bpf_map that freezing is about: how many writers are under way, and whether it is frozen. */
export const ACCESS = { bytes: 8, writecnt: 0, frozen: 4 } as const;

/** libbpf freezes `.rodata`. */
const isFrozenFromTheStart = ({ data }: MapDef): boolean => data?.readonly === true;

/**
 * What memory holds from the start. A mapping that may be written counts as a writer under way
 * (kernel/bpf/syscall.c:bpf_map_mmap): libbpf maps global variables, user space its BPF_F_MMAPABLE arrays.
 */
export function initializeAccess(map: KernelMap, memory: Memory): void {
  const { def, access } = map, frozen = isFrozenFromTheStart(def);
  if (frozen) memory.setU32(access + ACCESS.frozen, 1);
  else if (def.data || def.flags & BPF_F_MMAPABLE) memory.setU32(access + ACCESS.writecnt, 1);
}

/** kernel/bpf/syscall.c:map_get_sys_perms, what it says of FMODE_CAN_READ. */
export const mayRead = ({ def: { flags } }: KernelMap): boolean => !(flags & BPF_F_WRONLY);

const refusesWrites = ({ def }: KernelMap): boolean => (def.flags & BPF_F_RDONLY) !== 0 || isFrozenFromTheStart(def);

/** kernel/bpf/syscall.c:map_get_sys_perms, what it says of FMODE_CAN_WRITE. */
export function* mayWrite(map: KernelMap): Model<boolean> {
  if (refusesWrites(map)) return false;
  if (!map.environment.freezes) return true;
  return (yield load(map.access + ACCESS.frozen, 4, "frozen")) === 0n;
}

/**
 * Work between bpf_map_write_active_inc and bpf_map_write_active_dec. The counter shows in a freeze alone: where
 * nothing is frozen in the workload, no step is taken for it.
 */
export function* writing<T>(map: KernelMap, body: Model<T>): Model<T> {
  const count = (value: bigint, label: string) =>
    ({ kind: "rmw", op: "add", addr: map.access + ACCESS.writecnt, size: 4, value, label }) as const;
  if (map.environment.freezes) yield count(1n, "bpf_map_write_active_inc");
  const result = yield* body;
  if (map.environment.freezes) yield count(-1n, "bpf_map_write_active_dec");
  return result;
}

/** kernel/bpf/syscall.c:map_freeze: 0n, or -ENOTSUPP, -EPERM, -EBUSY. A mutex keeps two of them apart. */
export function* map_freeze(map: KernelMap, _ctx: TaskContext): Model {
  if (map.lockOffset !== undefined) return errno("ENOTSUPP");
  if (!(yield* mayWrite(map))) return errno("EPERM");
  const writers = yield load(map.access + ACCESS.writecnt, 4, "writecnt");
  if (writers !== 0n) return errno("EBUSY");
  if ((yield load(map.access + ACCESS.frozen, 4, "frozen")) !== 0n) return errno("EBUSY");
  yield store(map.access + ACCESS.frozen, 4, 1n, "frozen");
  return 0n;
}
