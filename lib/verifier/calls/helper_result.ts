/** What r0 holds after a helper call (the second half of kernel/bpf/verifier.c:check_helper_call). */
import { Bounds } from "../domain/bounds.ts";
import { dynptrState } from "../memory/dynptrs.ts";
import type { Environment } from "../state/environment.ts";
import type { CallMeta } from "./helper_arguments.ts";
import { MAX_ERRNO } from "../../uapi/errno.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";
import { kernelType } from "../kernel/kernel_type.ts";
import { fieldOf, type MapState } from "../kernel/map_state.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { acquire } from "../state/references.ts";
import { FLAG, NOT_INIT, pointer, type Reg, REG_TYPE, scalar, UNKNOWN_SCALAR } from "../state/register.ts";

const ACQUIRING: readonly number[] = [
  BPF_FUNC.sk_lookup_tcp,
  BPF_FUNC.sk_lookup_udp,
  BPF_FUNC.skc_lookup_tcp,
  BPF_FUNC.ringbuf_reserve,
  BPF_FUNC.kptr_xchg,
];
/** Give another view of the object that they are handed. */
const CASTS: readonly number[] = [
  BPF_FUNC.tcp_sock,
  BPF_FUNC.sk_fullsock,
  BPF_FUNC.skc_to_tcp_sock,
  BPF_FUNC.skc_to_tcp6_sock,
  BPF_FUNC.skc_to_udp6_sock,
  BPF_FUNC.skc_to_mptcp_sock,
  BPF_FUNC.skc_to_tcp_timewait_sock,
  BPF_FUNC.skc_to_tcp_request_sock,
];

const isSockMap = (map: MapState | null): boolean =>
  map?.type === BPF_MAP_TYPE.SOCKMAP || map?.type === BPF_MAP_TYPE.SOCKHASH;

export function helperResult(env: Environment, meta: CallMeta, caller: readonly Reg[]): Reg {
  const { helper } = meta, reg = plainResult(env, meta);
  if (reg.type === REG_TYPE.NOT_INIT || reg.isScalar) return reg;
  if (reg.type & FLAG.MAYBE_NULL) reg.id = env.newId();
  if (helper.number === BPF_FUNC.dynptr_data) {
    const from = dynptrState(env, caller[1]);
    reg.dynptrId = from.id;
    reg.ref = from.ref;
  } else if (CASTS.includes(helper.number)) {
    reg.ref = meta.ref;
  } else if (
    ACQUIRING.includes(helper.number) || helper.number === BPF_FUNC.map_lookup_elem && isSockMap(meta.map)
  ) {
    reg.id = reg.ref = acquire(env, env.insn);
  }
  return reg;
}

function plainResult(env: Environment, meta: CallMeta): Reg {
  const { helper } = meta, nullable = helper.returnsNull ? FLAG.MAYBE_NULL : 0;
  switch (helper.returns) {
    case "void":
      return NOT_INIT;
    case "value":
      return mapValue(env, meta, nullable);
    case "socket":
      return pointer(REG_TYPE.SOCKET | nullable);
    case "sock_common":
      return pointer(REG_TYPE.SOCK_COMMON | nullable);
    case "tcp_sock":
      return pointer(REG_TYPE.TCP_SOCK | nullable);
    case "mem":
    case "ringbuf": {
      const reg = pointer(REG_TYPE.MEM | nullable | (helper.returns === "ringbuf" ? FLAG.RINGBUF : 0));
      reg.memSize = meta.memSize;
      return reg;
    }
    case "mem_or_btf": {
      const reg = pointer(REG_TYPE.BTF_ID | nullable);
      reg.btf = meta.returnBtf;
      if (reg.btf?.bytes !== undefined) {
        reg.type = REG_TYPE.MEM | FLAG.RDONLY | nullable;
        reg.memSize = reg.btf.bytes;
      }
      return reg;
    }
    case "btf": {
      const reg = pointer(REG_TYPE.BTF_ID | nullable | (helper.returnsTrusted ? FLAG.TRUSTED : 0));
      reg.btf = helper.number === BPF_FUNC.kptr_xchg ? meta.returnBtf : kernelType(helper.returnType ?? "");
      if (reg.btf?.id !== undefined) reg.type |= FLAG.ALLOC;
      return reg;
    }
    default:
      return integerResult(meta, env.cpus);
  }
}

/** A looked-up value; a constant key in range makes it sure to be there. */
function mapValue(env: Environment, meta: CallMeta, nullable: number): Reg {
  const map = meta.map!, { number } = meta.helper;
  const isSure = number === BPF_FUNC.map_lookup_elem && meta.key >= 0n && meta.key < BigInt(map.maxEntries);
  const reg = pointer(REG_TYPE.MAP_VALUE | (isSure ? 0 : nullable));
  reg.map = map;
  reg.mapUid = meta.mapUid;
  const hasLock = fieldOf(map, "bpf_spin_lock") || fieldOf(map, "bpf_res_spin_lock");
  if (!(reg.type & FLAG.MAYBE_NULL) && hasLock) reg.id = env.newId();
  return reg;
}

/** From an error to a size, by the size. */
const ranges = new Map<bigint, Reg>();
const MOST_RANGES = 1024;

/** Numbers whose range is known (do_refine_retval_range). */
function integerResult(meta: CallMeta, cpus: number): Reg {
  const range = (min: number, max: bigint): Reg => {
    const known = ranges.get(max);
    if (known) return known;
    const bounds = new Bounds();
    bounds.smin = BigInt(min);
    bounds.smax = max;
    bounds.s32min = min;
    bounds.s32max = Number(BigInt.asIntN(32, max));
    const reg = scalar(bounds.sync());
    if (ranges.size < MOST_RANGES) ranges.set(max, reg);
    return reg;
  };
  switch (meta.helper.number) {
    case BPF_FUNC.get_stack:
    case BPF_FUNC.get_task_stack:
    case BPF_FUNC.probe_read_str:
    case BPF_FUNC.probe_read_kernel_str:
    case BPF_FUNC.probe_read_user_str:
      return range(-MAX_ERRNO, meta.maxSize);
    case BPF_FUNC.get_smp_processor_id: {
      const bounds = new Bounds();
      bounds.umax = bounds.smax = BigInt(cpus - 1);
      bounds.u32max = bounds.s32max = cpus - 1;
      bounds.smin = 0n;
      bounds.s32min = 0;
      return scalar(bounds.sync());
    }
    default:
      return UNKNOWN_SCALAR;
  }
}
