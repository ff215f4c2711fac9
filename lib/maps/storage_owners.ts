/**
 * The kernel's objects that local storages hang on, and struct bpf_local_storage of each: what all storage maps of one
 * type share (kernel/bpf/bpf_local_storage.c).
 */
import type { Memory } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { RcuPool } from "../rcu/rcu_pool.ts";
import type { KernelMap, MapEnvironment, Place } from "./kernel_map.ts";
import { faultWith } from "./source.ts";

/** Which of the kernel's structs each type of storage belongs to, and the field that leads to the storage. */
export const STORAGE_OWNERS = {
  [BPF_MAP_TYPE.TASK_STORAGE]: { struct: "task_struct", field: "task->bpf_storage" },
  [BPF_MAP_TYPE.CGRP_STORAGE]: { struct: "cgroup", field: "cgroup->bpf_cgrp_storage" },
  [BPF_MAP_TYPE.SK_STORAGE]: { struct: "sock", field: "sk->sk_bpf_storage" },
  [BPF_MAP_TYPE.INODE_STORAGE]: { struct: "inode", field: "inode->storage" },
} as const satisfies Record<number, unknown>;
export type StorageType = keyof typeof STORAGE_OWNERS;

/** How user space and reports name the kernel's objects: tasks by pid, others by a small number. */
export interface OwnerKeys {
  keyOf(struct: string, pointer: bigint): number;
  ownerOf(struct: string, key: number): bigint | undefined;
  /** Keys that there are, for messages. */
  keys(struct: string): readonly number[];
}

/** An owner: its pointer, and the pointer to its storage, 0 for none. */
const OWNER = { bytes: 16, pointer: 0, storage: 8 } as const;
/** struct bpf_local_storage: offsets of the fields that models touch; `owner` is the number of a record, plus one. */
const STORAGE = { first: 0, lock: 4, owner: 8, cache: 12, bytes: 128 } as const;
/** include/linux/bpf_local_storage.h:BPF_LOCAL_STORAGE_CACHE_SIZE. */
export const CACHE_SIZE = 16;
/** Objects beside the machine's tasks. */
const MORE_OWNERS = 8;

export class StorageOwners {
  readonly count: number;
  readonly #storages: RcuPool;
  readonly #owners: number;
  readonly #base: number;
  readonly #busy: number;

  /** @param allocate takes memory and says what stands there */
  constructor(
    readonly map: KernelMap,
    readonly type: StorageType,
    allocate: (size: number, placeOf: (offset: number, memory: Memory) => Place) => number,
  ) {
    const { environment: { nrCpus, tasks = nrCpus } } = map, slots = 2 * tasks + 2 * MORE_OWNERS;
    this.count = tasks + MORE_OWNERS;
    this.#owners = allocate(this.count * OWNER.bytes, (offset, memory) => {
      const key = this.keyOf(memory, Math.floor(offset / OWNER.bytes)), { struct, field } = STORAGE_OWNERS[type];
      return { name: `${struct} ${key}: ${field}`, touches: "next" };
    });
    this.#base = allocate(slots * STORAGE.bytes, (offset, memory) => this.#placeInStorage(offset, memory));
    this.#storages = new RcuPool(
      allocate(RcuPool.bytes(slots, tasks), () => ({ name: "free local storages", touches: "free_list" })),
      slots,
      tasks,
    );
    this.#busy = allocate(nrCpus * 4, (offset) => ({ name: `storage_busy@cpu${offset >> 2}`, touches: "lock" }));
  }

  /** The record of an object, taken up when it is first asked for. */
  *recordOf(pointer: bigint): Model<number> {
    const record = yield {
      kind: "private",
      label: "owner",
      run: (memory) => {
        for (let at = this.#owners; at < this.#owners + this.count * OWNER.bytes; at += OWNER.bytes) {
          const known = memory.read(at + OWNER.pointer, 8);
          if (known !== 0n && known !== pointer) continue;
          memory.write(at + OWNER.pointer, 8, pointer);
          return BigInt(at);
        }
        return 0n;
      },
    };
    if (record === 0n) return yield* faultWith(`storages of more than ${this.count} objects in ${this.map.name}`);
    return Number(record);
  }

  /** Address of owner->storage. */
  pointerAt = (record: number): number => record + OWNER.storage;
  first = (storage: number): number => storage + STORAGE.first;
  lock = (storage: number): number => storage + STORAGE.lock;
  cache = (storage: number, index: number): number => storage + STORAGE.cache + 4 * index;

  /** Record of the owner of a storage that is linked. */
  ownerRecord(memory: Memory, storage: number): number {
    return this.#owners + (memory.getU32(storage + STORAGE.owner) - 1) * OWNER.bytes;
  }

  ownerNumber = (record: number): number => (record - this.#owners) / OWNER.bytes;

  /** The record in which the owner of a storage stands: local_storage->owner, which its lock protects. */
  *loadOwner(storage: number): Model<number> {
    return Number(yield { kind: "private", run: (memory) => BigInt(this.ownerRecord(memory, storage)) });
  }

  /** bpf_local_storage_alloc, up to what publishes it: a fresh storage with one element; 0 where there is no memory. */
  *allocStorage(record: number, selem: number): Model<number> {
    const slot = yield* this.#storages.alloc("local_storage alloc");
    if (slot < 0n) return 0;
    const storage = this.#base + Number(slot) * STORAGE.bytes;
    yield {
      kind: "private",
      label: "local_storage",
      run: (memory) => {
        memory.clear(storage, STORAGE.bytes);
        memory.setU32(storage + STORAGE.first, selem);
        memory.setU32(storage + STORAGE.owner, this.ownerNumber(record) + 1);
        return 0n;
      },
    };
    return storage;
  }

  freeStorage(storage: number, published: boolean): Model<void> {
    return this.#storages.free((storage - this.#base) / STORAGE.bytes, published, "local_storage free");
  }

  /**
   * kernel/bpf/bpf_task_storage.c:bpf_task_storage_trylock, bpf_cgrp_storage_trylock: false where a call on this CPU is
   * under way, which this one came in the middle of.
   *
   * @param always counts in any case (bpf_task_storage_lock)
   */
  *trylock(ctx: TaskContext, always: boolean): Model<boolean> {
    if (!this.#isGuarded) return true;
    const busy = this.#busy + 4 * ctx.cpu;
    const before = yield {
      kind: "private",
      label: "storage_busy",
      run: (memory) => {
        const count = memory.getU32(busy);
        if (count === 0 || always) memory.setU32(busy, count + 1);
        return BigInt(count);
      },
    };
    return always || before === 0n;
  }

  *unlock(ctx: TaskContext): Model<void> {
    if (!this.#isGuarded) return;
    const busy = this.#busy + 4 * ctx.cpu;
    yield {
      kind: "private",
      label: "storage_busy",
      run: (memory) => (memory.setU32(busy, memory.getU32(busy) - 1), 0n),
    };
  }

  /** Objects that have a storage now, with its address. */
  *stored(memory: Memory): Iterable<{ readonly key: number; readonly storage: number }> {
    for (let number = 0; number < this.count; number++) {
      const storage = memory.getU32(this.pointerAt(this.#owners + number * OWNER.bytes));
      if (storage !== 0) yield { key: this.keyOf(memory, number), storage };
    }
  }

  /** How reports name the owner with this number. */
  keyOf(memory: Memory, number: number): number {
    const pointer = memory.read(this.#owners + number * OWNER.bytes + OWNER.pointer, 8);
    return this.map.environment.owners?.keyOf(STORAGE_OWNERS[this.type].struct, pointer) ?? number;
  }

  get #isGuarded(): boolean {
    return this.type === BPF_MAP_TYPE.TASK_STORAGE || this.type === BPF_MAP_TYPE.CGRP_STORAGE;
  }

  #placeInStorage(offset: number, memory: Memory): Place {
    const storage = this.#base + Math.floor(offset / STORAGE.bytes) * STORAGE.bytes, inside = offset % STORAGE.bytes;
    const number = memory.getU32(storage + STORAGE.owner), { struct } = STORAGE_OWNERS[this.type];
    const of = number === 0 ? "a storage" : `storage of ${struct} ${this.keyOf(memory, number - 1)}`;
    if (inside < STORAGE.lock) return { name: `${of}: list.first`, touches: "bucket" };
    if (inside < STORAGE.owner) return { name: `${of}: lock`, touches: "lock" };
    if (inside < STORAGE.cache) return { name: `${of}: owner`, touches: "elem" };
    return { name: `${of}: cache[${(inside - STORAGE.cache) >> 2}]`, touches: "next" };
  }
}

/** The owners of all maps of a type: those of its first map. */
export const firstOfType = (environment: MapEnvironment, type: number): KernelMap | undefined =>
  environment.maps.find((map) => map.def.type === type);
