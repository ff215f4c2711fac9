/** What a register, or a spilled register, may hold (include/linux/bpf.h: enum bpf_reg_type). */
import type { MapState } from "../kernel/map_state.ts";
import { Bounds, UNKNOWN, ZERO } from "../domain/bounds.ts";
import type { KernelType } from "../kernel/kernel_type.ts";

/** Kinds of content. */
export const REG_TYPE = {
  NOT_INIT: 0,
  SCALAR: 1,
  CTX: 2,
  MAP_PTR: 3,
  MAP_VALUE: 4,
  MAP_KEY: 5,
  STACK: 6,
  PACKET_META: 7,
  PACKET: 8,
  PACKET_END: 9,
  FLOW_KEYS: 10,
  SOCKET: 11,
  SOCK_COMMON: 12,
  TCP_SOCK: 13,
  TP_BUFFER: 14,
  XDP_SOCK: 15,
  BTF_ID: 16,
  MEM: 17,
  ARENA: 18,
  BUF: 19,
  FUNC: 20,
  DYNPTR: 21,
} as const;

/** What is known besides: or-ed to a kind. */
export const FLAG = {
  MAYBE_NULL: 1 << 8,
  RDONLY: 1 << 9,
  RINGBUF: 1 << 10,
  USER: 1 << 11,
  PERCPU: 1 << 12,
  RCU: 1 << 13,
  UNTRUSTED: 1 << 14,
  TRUSTED: 1 << 15,
  ALLOC: 1 << 16,
  NON_OWN_REF: 1 << 17,
} as const;

const KIND_NAMES = [
  "?",
  "scalar",
  "ctx",
  "map_ptr",
  "map_value",
  "map_key",
  "fp",
  "pkt_meta",
  "pkt",
  "pkt_end",
  "flow_keys",
  "sock",
  "sock_common",
  "tcp_sock",
  "tp_buffer",
  "xdp_sock",
  "ptr_",
  "mem",
  "arena",
  "buf",
  "func",
  "dynptr_ptr",
] as const;

const FLAG_NAMES: readonly [number, string][] = [
  [FLAG.RDONLY, "rdonly_"],
  [FLAG.RINGBUF, "ringbuf_"],
  [FLAG.USER, "user_"],
  [FLAG.PERCPU, "percpu_"],
  [FLAG.RCU, "rcu_"],
  [FLAG.UNTRUSTED, "untrusted_"],
  [FLAG.TRUSTED, "trusted_"],
];

export const kindOf = (type: number): number => type & 0xff;
export const mayBeNull = (type: number): boolean => (type & FLAG.MAYBE_NULL) !== 0;

/** The type as messages call it: `map_value_or_null`, `rdonly_mem`, `trusted_ptr_` (kernel/bpf/log.c:reg_type_str). */
export function typeName(type: number): string {
  const prefix = FLAG_NAMES.filter(([flag]) => (type & flag) !== 0).map(([, name]) => name).join("");
  const suffix = mayBeNull(type) ? (kindOf(type) === REG_TYPE.BTF_ID ? "or_null_" : "_or_null") : "";
  return prefix + KIND_NAMES[kindOf(type)] + suffix;
}

/** State of a kernel iterator that lives on the stack. */
export interface IteratorState {
  readonly name: string;
  readonly state: "active" | "drained";
  readonly depth: number;
}

/**
 * The content of a register. Like {@link Bounds}, it is only changed while a rule makes a {@link Reg.copy} of it; once
 * it stands in a frame it is shared by states.
 */
export class Reg {
  /** Fixed offset of a pointer; of a linked scalar, how far it lies above the others of its id. */
  off = 0;
  /** Equal ids tell that values came from one place: NULL checks, packet ranges, linked scalars, lock identity. */
  id = 0;
  /** Scalars linked by an added constant: the width of that addition, 0 for none (BPF_ADD_CONST32, BPF_ADD_CONST64). */
  addConst: 0 | 32 | 64 = 0;
  /** Id of the reference that must be released, or 0. */
  ref = 0;
  map: MapState | null = null;
  /** Tells inner maps of different lookups apart. */
  mapUid = 0;
  memSize = 0;
  /** Bytes of the packet known to be there beyond this pointer; negative: at or beyond the end. */
  range = 0;
  /** Frame whose stack a stack pointer points to. */
  frame = 0;
  subprog = 0;
  btf: KernelType | null = null;
  dynptr = "";
  isFirstSlot = false;
  dynptrId = 0;
  iterator: IteratorState | null = null;
  /** Kfunc class and reference of an interrupt flag saved on the stack. */
  irqClass = "";

  constructor(public type: number, public bounds: Bounds) {}

  copy(): Reg {
    const to = new Reg(this.type, this.bounds);
    to.off = this.off;
    to.id = this.id;
    to.addConst = this.addConst;
    to.ref = this.ref;
    to.map = this.map;
    to.mapUid = this.mapUid;
    to.memSize = this.memSize;
    to.range = this.range;
    to.frame = this.frame;
    to.subprog = this.subprog;
    to.btf = this.btf;
    to.dynptr = this.dynptr;
    to.isFirstSlot = this.isFirstSlot;
    to.dynptrId = this.dynptrId;
    to.iterator = this.iterator;
    to.irqClass = this.irqClass;
    return to;
  }

  get kind(): number {
    return this.type & 0xff;
  }

  get isScalar(): boolean {
    return this.type === REG_TYPE.SCALAR;
  }

  /** A scalar known to be 0 stands for NULL. */
  get isNull(): boolean {
    return this.type === REG_TYPE.SCALAR && this.bounds.isConst && this.bounds.value === 0n;
  }

  get isPacket(): boolean {
    return this.kind === REG_TYPE.PACKET || this.kind === REG_TYPE.PACKET_META;
  }

  get isPacketOrEnd(): boolean {
    return this.isPacket || this.type === REG_TYPE.PACKET_END;
  }

  get isSock(): boolean {
    return this.type === REG_TYPE.SOCKET || this.type === REG_TYPE.SOCK_COMMON || this.type === REG_TYPE.TCP_SOCK ||
      this.type === REG_TYPE.XDP_SOCK;
  }

  get mayBeNull(): boolean {
    return mayBeNull(this.type);
  }

  withBounds(bounds: Bounds): Reg {
    const to = this.copy();
    to.bounds = bounds;
    return to;
  }

  /** Without the link to other scalars. */
  unlinked(): Reg {
    if (this.id === 0 && this.off === 0 && this.addConst === 0) return this;
    const to = this.copy();
    to.id = 0;
    to.off = 0;
    to.addConst = 0;
    return to;
  }

  /** Same content but for ids and bounds, as far as it decides whether two states are alike. */
  sameContent(other: Reg): boolean {
    return this.type === other.type && this.off === other.off && this.map === other.map &&
      this.mapUid === other.mapUid && this.memSize === other.memSize && this.range === other.range &&
      this.subprog === other.subprog && this.btf === other.btf && this.dynptr === other.dynptr &&
      this.dynptrId === other.dynptrId && this.addConst === other.addConst;
  }
}

export const NOT_INIT = new Reg(REG_TYPE.NOT_INIT, UNKNOWN);
export const UNKNOWN_SCALAR = new Reg(REG_TYPE.SCALAR, UNKNOWN);
export const ZERO_SCALAR = new Reg(REG_TYPE.SCALAR, ZERO);

/** Constants that programs are full of, made once: like every register's content they are never changed. */
const SMALL_CONSTANTS: Reg[] = [ZERO_SCALAR];
const SMALL_LIMIT = 1024;
const otherConstants = new Map<bigint, Reg>();
const MOST_CONSTANTS = 4096;

export function constantScalar(value: bigint): Reg {
  if (value >= 0n && value < SMALL_LIMIT) {
    return SMALL_CONSTANTS[Number(value)] ??= new Reg(REG_TYPE.SCALAR, Bounds.constant(value));
  }
  let known = otherConstants.get(value);
  if (!known) {
    if (otherConstants.size >= MOST_CONSTANTS) otherConstants.clear();
    otherConstants.set(value, known = new Reg(REG_TYPE.SCALAR, Bounds.constant(value)));
  }
  return known;
}
export const scalar = (bounds: Bounds): Reg => new Reg(REG_TYPE.SCALAR, bounds);
/** A pointer of a type at offset 0. */
export const pointer = (type: number): Reg => new Reg(type, ZERO);

/** Kinds that keep what is known of them when they are stored on the stack (is_spillable_regtype). */
export function isSpillable(type: number): boolean {
  switch (kindOf(type)) {
    case REG_TYPE.MAP_VALUE:
    case REG_TYPE.STACK:
    case REG_TYPE.CTX:
    case REG_TYPE.PACKET:
    case REG_TYPE.PACKET_META:
    case REG_TYPE.PACKET_END:
    case REG_TYPE.FLOW_KEYS:
    case REG_TYPE.MAP_PTR:
    case REG_TYPE.SOCKET:
    case REG_TYPE.SOCK_COMMON:
    case REG_TYPE.TCP_SOCK:
    case REG_TYPE.XDP_SOCK:
    case REG_TYPE.BTF_ID:
    case REG_TYPE.BUF:
    case REG_TYPE.MEM:
    case REG_TYPE.FUNC:
    case REG_TYPE.MAP_KEY:
    case REG_TYPE.ARENA:
      return true;
    default:
      return false;
  }
}

/** Pointers that cannot be NULL, so that a comparison with 0 is decided (reg_not_null). */
export function isNeverNull(reg: Reg): boolean {
  if (reg.mayBeNull) return false;
  const { type, kind } = reg;
  return type === REG_TYPE.SOCKET || type === REG_TYPE.TCP_SOCK || type === REG_TYPE.MAP_VALUE ||
    type === REG_TYPE.MAP_KEY ||
    type === REG_TYPE.SOCK_COMMON || kind === REG_TYPE.BTF_ID && isTrusted(reg) ||
    kind === REG_TYPE.MEM && !(type & FLAG.UNTRUSTED) ||
    type === REG_TYPE.MAP_PTR || kind === REG_TYPE.BUF || type === REG_TYPE.XDP_SOCK;
}

const UNSAFE = FLAG.UNTRUSTED | FLAG.MAYBE_NULL | FLAG.USER;

/** Pointers to kernel objects that are sure to be alive (is_trusted_reg). */
export function isTrusted(reg: Reg): boolean {
  if (reg.ref !== 0) return true;
  const sure = reg.kind === REG_TYPE.SOCKET || reg.kind === REG_TYPE.SOCK_COMMON || reg.kind === REG_TYPE.TCP_SOCK ||
    reg.kind === REG_TYPE.MAP_PTR;
  if (sure && (reg.type & UNSAFE) === 0) return true;
  return (reg.type & (FLAG.ALLOC | FLAG.TRUSTED | FLAG.NON_OWN_REF)) !== 0 && (reg.type & UNSAFE) === 0;
}
