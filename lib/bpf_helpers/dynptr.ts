/** Dynptrs (include/linux/bpf.h: struct bpf_dynptr_kern): 16 bytes of the program's stack, which no other task sees. */
import { addressOf } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { PACKET, Packet } from "../cpu/packet.ts";
import { bytesToNumber } from "../maps/words.ts";

/** enum bpf_dynptr_type. */
export const DYNPTR = { LOCAL: 1, RINGBUF: 2, SKB: 3, XDP: 4 } as const;
export type DynptrType = typeof DYNPTR[keyof typeof DYNPTR];

export const DYNPTR_MAX_SIZE = (1 << 24) - 1;
const BYTES = 16, SIZE_MASK = 0xff_ffff, TYPE_SHIFT = 28, TYPE_MASK = 7;
const RDONLY_BIT = 0x8000_0000;

/** What a dynptr describes; `data` is 0 for one that describes nothing. */
export interface Dynptr {
  /** Pointer to the memory, of a packet's the pointer to its context. */
  readonly data: bigint;
  readonly type: DynptrType;
  readonly isReadOnly: boolean;
  /** Which of its bytes: from where, and how many. */
  readonly offset: number;
  readonly size: number;
}

export function* readDynptr(_ctx: TaskContext, pointer: bigint): Model<Dynptr> {
  const at = addressOf(pointer);
  const all = yield {
    kind: "private",
    readsStack: true,
    label: "dynptr",
    run: (memory) => bytesToNumber(memory.bytes.subarray(at, at + BYTES)),
  };
  const word = Number((all >> 64n) & 0xffff_ffffn);
  return {
    data: BigInt.asUintN(64, all),
    type: ((word >>> TYPE_SHIFT) & TYPE_MASK) as DynptrType,
    isReadOnly: (word & RDONLY_BIT) !== 0,
    size: word & SIZE_MASK,
    offset: Number((all >> 96n) & 0xffff_ffffn),
  };
}

/** kernel/bpf/helpers.c:bpf_dynptr_init; without a dynptr to describe, bpf_dynptr_set_null. */
export function* writeDynptr(pointer: bigint, dynptr?: Dynptr): Model<void> {
  const at = addressOf(pointer), { data = 0n, type = 0, isReadOnly = false, size = 0, offset = 0 } = dynptr ?? {};
  const word = (size | (type << TYPE_SHIFT) | (isReadOnly ? RDONLY_BIT : 0)) >>> 0;
  yield {
    kind: "private",
    label: "dynptr",
    run: (memory) => {
      memory.write(at, 8, data);
      memory.setU32(at + 8, word);
      memory.setU32(at + 12, offset);
      return 0n;
    },
  };
}

/** kernel/bpf/helpers.c:bpf_dynptr_check_off_len. */
export const isBeyond = ({ size }: Dynptr, offset: number | bigint, length: number | bigint): boolean =>
  BigInt(length) > BigInt(size) || BigInt(offset) > BigInt(size) - BigInt(length);

/**
 * Where a part of a dynptr's memory is, which is known to lie inside; 0n where there is none any more. Packets here are one
 * piece each, so that a part of one never has to be copied.
 */
export function pointerInto({ memory }: TaskContext, dynptr: Dynptr, offset: number, length: number): bigint {
  const start = dynptr.offset + offset;
  if (dynptr.type === DYNPTR.LOCAL || dynptr.type === DYNPTR.RINGBUF) return dynptr.data + BigInt(start);
  const packet = Packet.of(memory, dynptr.data);
  if (!packet || start + length > packet.length) return 0n;
  return memory.pointer(memory.getU32(packet.ctx + PACKET.region), packet.data + start);
}
