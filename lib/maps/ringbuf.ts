/** RINGBUF maps (kernel/bpf/ringbuf.c): records of all CPUs in one ring, in the order in which room for them was taken. */
import { CACHE_LINE_BYTES, REGION_FLAG } from "../cpu/layout.ts";
import { addressOf, type Memory } from "../cpu/memory.ts";
import { calls, load, type Model, type PrivateOp, store, type TaskContext } from "../cpu/operation.ts";
import { raw_res_spin_lock_irqsave, raw_res_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import type { MapDef } from "../object/bpf_object.ts";
import {
  adjust_ringbuf_sz,
  BPF_RB_FORCE_WAKEUP,
  BPF_RB_NO_WAKEUP,
  BPF_RB_QUERY,
  BPF_RINGBUF_BUSY_BIT,
  BPF_RINGBUF_DISCARD_BIT,
  BPF_RINGBUF_HDR_SZ,
  PAGE_BYTES,
  recordBytes,
} from "../uapi/ringbuf.ts";
import { errno, KernelError } from "./errno.ts";
import { type Found, KernelMap, type MapEntry, type MapEnvironment, type Place } from "./kernel_map.ts";
import { keyBytes } from "./array.ts";
import { readWord, type Source } from "./source.ts";
import { BPF_F_NUMA_NODE } from "../uapi/flags.ts";
import { wordsOf } from "./words.ts";

/**
 * struct bpf_ringbuf: the fields that models touch, a cache line for each CPU's or side's own as the kernel has it. The
 * two positions stand in pages of their own there, which user space maps. `ready` is no field of it: it says that the
 * ring is on the ready list of the consumer's epoll (fs/eventpoll.c).
 */
const RB = {
  ready: 0,
  spinlock: CACHE_LINE_BYTES,
  consumer_pos: 2 * CACHE_LINE_BYTES,
  producer_pos: 3 * CACHE_LINE_BYTES,
  pending_pos: 3 * CACHE_LINE_BYTES + 8,
  bytes: 4 * CACHE_LINE_BYTES,
} as const;
const FIELDS = ["ready", "spinlock", "consumer_pos", "producer_pos", "pending_pos"] as const;

const RINGBUF_MAX_RECORD_SZ = 0x3fff_ffffn;
/** Pages of struct bpf_ringbuf before its data: its own, and one for each position. */
const RINGBUF_POS_PAGES = 3;

const exclusive = (addr: number, size: 4 | 8, label: string) => load(addr, size, label, true);

export class RingbufMap extends KernelMap {
  /** Bytes of the ring, and its mask. */
  readonly size: number;
  readonly mask: number;
  readonly #rb: number;
  readonly #data: number;
  readonly #region: number;

  constructor(given: MapDef, index: number, environment: MapEnvironment) {
    const def = { ...given, maxEntries: given.maxEntries < 1 ? given.maxEntries : adjust_ringbuf_sz(given.maxEntries) };
    super(def, index, environment);
    if (def.keySize !== 0 || def.valueSize !== 0 || def.flags & ~BPF_F_NUMA_NODE) {
      throw new KernelError("EINVAL", `ring buffer ${def.name} with a key, a value or flags`);
    }
    this.size = def.maxEntries;
    this.mask = this.size - 1;
    this.#rb = this.allocate(RB.bytes, (offset) => {
      const field = FIELDS.findLast((name) => RB[name] <= offset)!;
      return { name: `${def.name}.${field}`, touches: field === "spinlock" ? "lock" : "ring" };
    });
    // The kernel maps the pages twice in a row, so that each record is one piece; here the second half is memory of its
    // own, and what a record leaves there is copied (#unfold, #fold).
    this.#data = this.allocate(2 * this.size, (offset, memory) => this.#placeInData(offset, memory));
    const flags = REGION_FLAG.read | REGION_FLAG.write | REGION_FLAG.shared;
    this.#region = environment.arena.addRegions(
      1,
      this.#data,
      2 * this.size,
      2 * this.size,
      flags,
      `${def.name}'s records`,
    );
  }

  initialize(): void {}

  get consumerPos(): number {
    return this.#rb + RB.consumer_pos;
  }

  get producerPos(): number {
    return this.#rb + RB.producer_pos;
  }

  get readyAddr(): number {
    return this.#rb + RB.ready;
  }

  /** Linear address of the header of the record at a position. */
  header(position: bigint): number {
    return this.#data + Number(position & BigInt(this.mask));
  }

  /**
   * kernel/bpf/ringbuf.c:__bpf_ringbuf_reserve: pointer to room for `size` bytes, or 0n where there is none. What is
   * beyond the consumer position is full; so is what is beyond a record that is still being written, however much of
   * the rest was consumed.
   */
  *reserve(ctx: TaskContext, size: bigint): Model {
    if (size > RINGBUF_MAX_RECORD_SZ) return 0n;
    const length = recordBytes(Number(size));
    if (length > this.size) return 0n;
    const consumed = yield load(this.consumerPos, 8, "consumer_pos");
    const lock = this.#rb + RB.spinlock;
    if (yield* raw_res_spin_lock_irqsave(ctx, lock, "rb.spinlock")) return 0n;
    let pending = yield exclusive(this.#rb + RB.pending_pos, 8, "pending_pos");
    const position = yield exclusive(this.producerPos, 8, "producer_pos"), next = position + BigInt(length);
    while (pending < position) {
      const found = Number(yield load(this.header(pending), 4, "hdr.len"));
      if (found & BPF_RINGBUF_BUSY_BIT) break;
      pending += BigInt(recordBytes(found));
    }
    yield store(this.#rb + RB.pending_pos, 8, pending, "pending_pos", true);
    if (next - consumed > this.mask || next - pending > this.mask) {
      yield* raw_res_spin_unlock_irqrestore(lock, "rb.spinlock");
      return 0n;
    }
    const hdr = this.header(position), page = RINGBUF_POS_PAGES + Math.floor((hdr - this.#data) / PAGE_BYTES);
    // No other CPU looks at a header beyond the producer position.
    yield store(hdr, 4, size | BigInt(BPF_RINGBUF_BUSY_BIT), "hdr.len", true);
    yield store(hdr + 4, 4, BigInt(page), "hdr.pg_off", true);
    if (this.#folds(hdr, length)) yield this.#copy(this.#data + this.size, this.#data, hdr, length);
    yield store(this.producerPos, 8, next, "producer_pos");
    yield* raw_res_spin_unlock_irqrestore(lock, "rb.spinlock");
    return (BigInt(this.#region) << 32n) | BigInt(hdr + BPF_RINGBUF_HDR_SZ);
  }

  /** Whether a pointer is that of a record of this ring (kernel/bpf/ringbuf.c:bpf_ringbuf_restore_from_rec). */
  holdsRecord(sample: bigint): boolean {
    const hdr = addressOf(sample) - BPF_RINGBUF_HDR_SZ;
    return Number(sample >> 32n) === this.#region && hdr >= this.#data && hdr < this.#data + this.size && hdr % 8 === 0;
  }

  /** kernel/bpf/ringbuf.c:bpf_ringbuf_commit: from here on the record is the consumer's. */
  *commit(sample: bigint, flags: bigint, discard: boolean): Model {
    const hdr = addressOf(sample) - BPF_RINGBUF_HDR_SZ;
    yield calls(1);
    const length = yield exclusive(hdr, 4, "hdr.len");
    const done = (length ^ BigInt(BPF_RINGBUF_BUSY_BIT)) | (discard ? BigInt(BPF_RINGBUF_DISCARD_BIT) : 0n);
    yield { kind: "rmw", op: "xchg", addr: hdr, size: 4, value: done, label: discard ? "discard" : "submit" };
    const bytes = recordBytes(Number(length));
    if (this.#folds(hdr, bytes)) yield this.#copy(this.#data, this.#data + this.size, hdr, bytes);
    const consumed = yield load(this.consumerPos, 8, "consumer_pos");
    const awaited = this.header(consumed) === hdr && !(flags & BPF_RB_NO_WAKEUP);
    if (flags & BPF_RB_FORCE_WAKEUP || awaited) yield store(this.readyAddr, 4, 1n, "wake up");
    return 0n;
  }

  /** kernel/bpf/ringbuf.c:bpf_ringbuf_output: the record in one call; -EAGAIN where the ring is full. */
  *output(ctx: TaskContext, data: Source, size: number, flags: bigint): Model {
    if (flags & ~(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)) return errno("EINVAL");
    const sample = yield* this.reserve(ctx, BigInt(size));
    if (sample === 0n) return errno("EAGAIN");
    const words = wordsOf(size), addr = addressOf(sample);
    yield { kind: "work", what: "copy", amount: ("bytes" in data ? 1 : 2) * words.length };
    for (const word of words) {
      const value = yield* readWord(data, word, "data");
      yield store(addr + word.offset, word.size, value, "record");
    }
    yield* this.commit(sample, flags, false);
    return 0n;
  }

  /** kernel/bpf/ringbuf.c:bpf_ringbuf_query. */
  *query(what: bigint): Model {
    switch (what) {
      case BPF_RB_QUERY.AVAIL_DATA: {
        const consumed = yield load(this.consumerPos, 8, "consumer_pos");
        return (yield load(this.producerPos, 8, "producer_pos")) - consumed;
      }
      case BPF_RB_QUERY.RING_SIZE:
        return BigInt(this.size);
      case BPF_RB_QUERY.CONS_POS:
        return yield load(this.consumerPos, 8, "consumer_pos");
      case BPF_RB_QUERY.PROD_POS:
        return yield load(this.producerPos, 8, "producer_pos");
      default:
        return 0n;
    }
  }

  /** Programs may not call these on a ring buffer: the verifier sees to that. User space gets -ENOTSUPP. */
  map_lookup_elem(): bigint {
    return errno("ENOTSUPP");
  }
  *map_update_elem(): Model {
    return errno("ENOTSUPP");
  }
  *map_delete_elem(): Model {
    return errno("ENOTSUPP");
  }
  *map_get_next_key(): Model<Found> {
    return errno("ENOTSUPP");
  }
  *bpf_map_copy_value(): Model<Found> {
    return errno("ENOTSUPP");
  }

  /** The two positions, and the records that a consumer would get now, numbered from 0. */
  *entries(memory: Memory): Iterable<MapEntry> {
    yield { key: NO_KEY, field: ".producer_pos", addr: this.producerPos, size: 8 };
    yield { key: NO_KEY, field: ".consumer_pos", addr: this.consumerPos, size: 8 };
    const produced = memory.read(this.producerPos, 8);
    let number = 0;
    for (let position = memory.read(this.consumerPos, 8); position < produced;) {
      const hdr = this.header(position), length = memory.getU32(hdr);
      if (length & BPF_RINGBUF_BUSY_BIT) return;
      if (!(length & BPF_RINGBUF_DISCARD_BIT)) {
        yield { key: keyBytes(number++), addr: hdr + BPF_RINGBUF_HDR_SZ, size: length };
      }
      position += BigInt(recordBytes(length));
    }
  }

  /** Whether the record that the consumer comes to next is still being written. */
  isFirstBusy(memory: Memory): boolean {
    const consumed = memory.read(this.consumerPos, 8);
    if (consumed === memory.read(this.producerPos, 8)) return false;
    return (memory.getU32(this.header(consumed)) & BPF_RINGBUF_BUSY_BIT) !== 0;
  }

  /** Whether a record runs on in the second mapping. */
  #folds(hdr: number, length: number): boolean {
    return hdr + length > this.#data + this.size;
  }

  /**
   * What a record has beyond the end of the ring stands at its beginning too. Only the record's owner can look there: the
   * record has been taken and not been consumed.
   */
  #copy(to: number, from: number, hdr: number, length: number): PrivateOp {
    const bytes = hdr + length - (this.#data + this.size);
    return {
      kind: "private",
      run: (memory) => {
        memory.writeBytes(to, memory.bytes.slice(from, from + bytes));
        return 0n;
      },
    };
  }

  #placeInData(offset: number, memory: Memory): Place {
    const { mask } = this, produced = memory.read(this.producerPos, 8);
    // Which record it is can be told of those that are not consumed yet.
    for (let position = memory.read(this.consumerPos, 8); position < produced;) {
      const start = Number(position & BigInt(mask)), length = recordBytes(memory.getU32(this.#data + start));
      const inside = (offset - start) & mask;
      if (inside < length) {
        const record = `${this.name}@${position}`;
        if (inside < BPF_RINGBUF_HDR_SZ) return { name: `${record}.${inside < 4 ? "len" : "pg_off"}`, touches: "ring" };
        return { name: `${record}+${inside - BPF_RINGBUF_HDR_SZ}`, touches: "record" };
      }
      position += BigInt(length);
    }
    return { name: `${this.name}.data+${offset & mask}`, touches: "record" };
  }
}

const NO_KEY = new Uint8Array();
