/**
 * The kernel's own objects: what stands behind the pointers that programs find in their contexts, or are given by
 * bpf_get_current_task. Nothing here writes them, so they are no part of a machine's state.
 *
 * An object has the layout that the program was compiled for (its BTF), and its bytes are drawn by the seed and by where
 * they stand: pointers lead to further objects, char arrays hold text, numbers are small. Of a type that the program knows
 * by name alone, and behind the end of an object, stands memory of no type: each word leads to more of it.
 */
import { REGION_FLAG } from "../cpu/layout.ts";
import { addressOf, type Memory } from "../cpu/memory.ts";
import type { Btf, BtfType } from "../object/btf.ts";
import { resolveType, sizeOfType } from "../object/btf_types.ts";
import { STORAGE_OWNERS } from "../maps/storage_owners.ts";
import { commOf } from "./current_task.ts";
import { hash32 } from "./drawn.ts";
import { FULL_RANGE, NAMED_VALUES, TEXTS } from "./kernel_values.ts";

/** Objects of each type; of struct task_struct one more for each task of the machine. */
const INSTANCES = 2;
/** All objects together: types that would go beyond it have no layout. */
const MOST_BYTES = 2 << 20;
const WORD = 8, ALIGN = 64;
/** Memory of no type, and its texts. */
const UNTYPED_BYTES = 4096, TEXT_BYTES = 64;
const MOST_ELEMENTS = 4096;
/** Contexts with pointers to the first byte of some data, and to that behind the last. */
const WITH_DATA: ReadonlySet<string> = new Set(["bpf_sock_ops", "sk_msg_md", "bpf_sockopt", "sk_reuseport_md"]);
const DATA_BYTES = 64;
const TASK_STRUCT = "task_struct";
/** Objects that local storages hang on: each has an address of its own, whatever the program knows of it. */
const OWNERS: ReadonlySet<string> = new Set(Object.values(STORAGE_OWNERS).map(({ struct }) => struct));

/** One of the machine's tasks, as far as its struct tells. */
export interface TaskIdentity {
  /** `tgid << 32 | pid`. */
  readonly pidTgid: bigint;
}

interface Placed {
  /** Undefined for a struct that the program knows by name alone. */
  readonly type: number | undefined;
  readonly offset: number;
  readonly size: number;
  readonly instances: number;
}

export class KernelObjects {
  /** Bytes of memory that they take. */
  readonly bytes: number;
  readonly #placed = new Map<string, Placed>();
  readonly #structs: ReadonlyMap<string, number>;
  readonly #untyped: number;
  readonly #texts: number;
  #base = 0n;
  #region = 0;

  /**
   * @param wanted structs that programs are handed pointers to, by name
   * @param seed what everything is drawn from
   * @param compared numbers that programs compare something with, which are drawn as well
   */
  constructor(
    readonly btf: Btf | undefined,
    wanted: readonly string[],
    readonly tasks: readonly TaskIdentity[],
    readonly seed: number,
    readonly compared: readonly number[] = [],
  ) {
    this.#structs = structsOf(btf);
    let end = 0;
    this.#texts = end;
    end += TEXTS.length * TEXT_BYTES;
    this.#untyped = end;
    end += INSTANCES * UNTYPED_BYTES;
    const todo = [...wanted];
    for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
      const type = this.#structs.get(name);
      if (this.#placed.has(name) || (type === undefined && !OWNERS.has(name))) continue;
      const instances = INSTANCES + (name === TASK_STRUCT ? tasks.length : 0);
      const size = type === undefined ? ALIGN : Math.ceil(sizeOfType(btf!, type) / ALIGN) * ALIGN + ALIGN;
      if (end + size * instances > MOST_BYTES) continue;
      this.#placed.set(name, { type, offset: end, size, instances });
      end += size * instances;
      if (type !== undefined) todo.push(...pointees(btf!, type));
    }
    // What is read behind the last object is memory, too.
    this.bytes = end + UNTYPED_BYTES;
  }

  /** Draws every object, into `bytes` of memory from `base` on. */
  fill(memory: Memory, base: number): void {
    this.#region = memory.addRegion(base, this.bytes, REGION_FLAG.read, "the kernel's objects");
    this.#base = BigInt(base);
    for (let offset = this.#untyped; offset < this.bytes; offset += WORD) {
      this.#put(memory, offset, WORD, this.untyped(offset));
    }
    TEXTS.forEach((text, i) => this.#putText(memory, this.#texts + i * TEXT_BYTES, TEXT_BYTES, text));
    for (const [name, { type, offset, size, instances }] of this.#placed) {
      if (type === undefined) continue;
      for (let i = 0; i < instances; i++) this.#draw(memory, type, offset + i * size, "", name, i);
    }
  }

  /** Pointer to the struct of a task of the machine; tasks with one pid, such as entry and exit, have one. */
  currentTask(task: number): bigint {
    const { pidTgid } = this.tasks[task];
    return this.pointerTo(TASK_STRUCT, INSTANCES + this.tasks.findIndex((one) => one.pidTgid === pidTgid));
  }

  /** A small number that stands for an object: the pid of a task of the machine, -1 and so on for others, else from 1 on. */
  keyOf(struct: string, pointer: bigint): number {
    const placed = this.#placed.get(this.#named(struct)), instance = placed ? this.#instanceAt(placed, pointer) : -1;
    // What is embedded in another struct, or of no type, is named by where it stands.
    if (instance < 0) return addressOf(pointer);
    if (struct !== TASK_STRUCT) return 1 + instance;
    return instance < INSTANCES ? -1 - instance : Number(BigInt.asUintN(32, this.tasks[instance - INSTANCES].pidTgid));
  }

  /** The object that a number stands for. */
  ownerOf(struct: string, key: number): bigint | undefined {
    const placed = this.#placed.get(this.#named(struct)), at = this.keys(struct).indexOf(key);
    return placed && at >= 0 ? this.#pointer(placed.offset + at * placed.size) : undefined;
  }

  keys(struct: string): readonly number[] {
    const placed = this.#placed.get(this.#named(struct)), instances = placed?.instances ?? 0;
    return Array.from(
      { length: instances },
      (_, i) => this.keyOf(struct, this.#pointer(placed!.offset + i * placed!.size)),
    );
  }

  #instanceAt({ offset, size, instances }: Placed, pointer: bigint): number {
    const instance = (addressOf(pointer) - Number(this.#base) - offset) / size;
    return Number.isInteger(instance) && instance >= 0 && instance < instances ? instance : -1;
  }

  /** Pointer to the struct of the task with this pid; undefined where there is none. */
  taskOf(pid: bigint): bigint | undefined {
    const task = this.tasks.findIndex(({ pidTgid }) => BigInt.asUintN(32, pidTgid) === pid);
    return task < 0 ? undefined : this.currentTask(task);
  }

  /**
   * Pointer to an object.
   *
   * @param struct its type; undefined for memory of no type
   * @param which any number: one of the few of this type
   */
  pointerTo(struct: string | undefined, which: number): bigint {
    const placed = struct === undefined ? undefined : this.#placed.get(this.#named(struct));
    if (!placed) return this.untyped(which * ALIGN);
    const instances = struct === TASK_STRUCT && which >= INSTANCES ? placed.instances : INSTANCES;
    return this.#pointer(placed.offset + (which % instances) * placed.size);
  }

  /** Pointer into memory of no type. */
  untyped(which: number): bigint {
    const at = hash32(this.seed, which, 5) % (INSTANCES * UNTYPED_BYTES / ALIGN);
    return this.#pointer(this.#untyped + at * ALIGN);
  }

  /** Pointer to a text. */
  text(which: number): bigint {
    return this.#pointer(this.#texts + (hash32(this.seed, which, 6) % TEXTS.length) * TEXT_BYTES);
  }

  /**
   * Draws a value of a type, as it would stand in an object, into bytes of the caller's.
   *
   * @param salt tells apart what is drawn for one type and another time
   */
  drawInto(memory: Memory, addr: number, type: number, salt: number): void {
    this.#draw(memory, type, addr - Number(this.#base), "", "", salt);
  }

  /** A small number, now and then one of 16 bits or one that a program asks for. */
  number(which: number): bigint {
    const drawn = hash32(this.seed, which, 7), { compared } = this;
    if (drawn % 4 === 1 && compared.length > 0) return BigInt(compared[(drawn >>> 8) % compared.length]);
    return BigInt(drawn % 4 === 0 ? (drawn >>> 8) & 0xffff : (drawn >>> 8) & 7);
  }

  #pointer(offset: number): bigint {
    return (BigInt(this.#region) << 32n) | (this.#base + BigInt(offset));
  }

  /** The struct itself, or the flavour that the program declares of it (`task_struct___old`). */
  #named(name: string): string {
    return this.#placed.has(name) ? name : [...this.#placed.keys()].find((one) => one.startsWith(`${name}___`)) ?? name;
  }

  #draw(memory: Memory, id: number, offset: number, field: string, struct: string, instance: number): void {
    const btf = this.btf!, type = resolveType(btf, id), salt = Math.imul(instance + 1, 0x9e37_79b1) ^ offset;
    switch (type.kind) {
      case "struct":
      case "union":
        return this.#drawStruct(memory, type, offset, struct, instance);
      case "array": {
        const element = type.type ?? 0,
          size = sizeOfType(btf, element),
          count = Math.min(type.nelems ?? 0, MOST_ELEMENTS);
        if (size === 1 && isText(btf, element)) {
          const text = struct === TASK_STRUCT && field === "comm" ? this.#commOf(instance) : undefined;
          return this.#putText(memory, offset, count, text ?? TEXTS[hash32(this.seed, salt) % TEXTS.length]);
        }
        for (let i = 0; i < count; i++) this.#draw(memory, element, offset + i * size, field, struct, instance);
        return;
      }
      case "ptr":
        return this.#put(
          memory,
          offset,
          WORD,
          this.#fixedPointer(field, struct, instance) ?? this.#boundary(struct, field) ?? this.#drawPointer(type, salt),
        );
      case "enum":
      case "enum64": {
        const values = type.values ?? [], value = values[hash32(this.seed, salt) % Math.max(1, values.length)]?.value;
        return this.#put(memory, offset, type.size ?? 4, value ?? 0n);
      }
      case "int": {
        const size = type.size ?? 0;
        if (size <= WORD) this.#put(memory, offset, size, this.#drawNumber(id, field, struct, instance, salt));
      }
    }
  }

  #drawStruct(memory: Memory, type: BtfType, offset: number, struct: string, instance: number): void {
    const btf = this.btf!;
    // An empty list leads to itself (INIT_LIST_HEAD); trees and hash lists are empty by NULL.
    if (type.name === "list_head") {
      for (const at of [0, WORD]) this.#put(memory, offset + at, WORD, this.#pointer(offset));
      return;
    }
    if (/^(hlist_head|hlist_bl_head|hlist_nulls_head|rb_root|rb_node|llist_head)$/.test(type.name)) {
      for (let at = 0; at + WORD <= (type.size ?? 0); at += WORD) this.#put(memory, offset + at, WORD, 0n);
      return;
    }
    const name = type.name === "" ? struct : type.name.split("___")[0];
    const members = type.members ?? [], inUnion = type.kind === "union";
    // One member of a union fills it; the longest, so that none of the others finds nothing.
    const drawn = inUnion
      ? members.toSorted((a, b) => sizeOfType(btf, b.type) - sizeOfType(btf, a.type)).slice(0, 1)
      : members;
    for (const member of drawn) {
      const at = offset + (member.bitOffset >> 3);
      if (member.bitSize === 0) this.#draw(memory, member.type, at, member.name, name, instance);
      else if (member.bitOffset % 8 === 0 || member === members[0]) {
        this.#put(memory, at, 1, this.number(at ^ instance));
      }
    }
  }

  /** All tasks are in the root cgroup, which is the first, with the id 1; the leader of a process's only thread is itself. */
  #fixedPointer(field: string, struct: string, instance: number): bigint | undefined {
    if (struct === "css_set" && field === "dfl_cgrp") return this.pointerTo("cgroup", 0);
    if (struct === "cgroup" && field === "kn") return this.pointerTo("kernfs_node", instance);
    const identity = struct === TASK_STRUCT && field === "group_leader" ? this.tasks[instance - INSTANCES] : undefined;
    return identity && this.taskOf(identity.pidTgid >> 32n);
  }

  /** Where the data that comes with a context of the socket layer begins and ends. */
  #boundary(struct: string, field: string): bigint | undefined {
    if (!WITH_DATA.has(struct) || !/^(skb_data|data|optval)(_end)?$/.test(field)) return undefined;
    return this.#pointer(this.#untyped + (field.endsWith("_end") ? DATA_BYTES : 0));
  }

  #drawPointer(type: BtfType, salt: number): bigint {
    const target = resolveType(this.btf!, type.type ?? 0), which = hash32(this.seed, salt, 8);
    if (target.kind === "int" && target.size === 1) return this.text(which);
    return target.kind === "struct" || target.kind === "fwd" || target.kind === "union"
      ? this.pointerTo(target.name, which % INSTANCES)
      : this.untyped(which);
  }

  #drawNumber(id: number, field: string, struct: string, instance: number, salt: number): bigint {
    const identity = struct === TASK_STRUCT ? this.tasks[instance - INSTANCES] : undefined;
    if (identity && field === "pid") return BigInt.asUintN(32, identity.pidTgid);
    if (identity && field === "tgid") return identity.pidTgid >> 32n;
    if (struct === "kernfs_node" && field === "id") return BigInt(1 + instance);
    if (struct === "cgroup" && field === "level") return BigInt(Math.min(instance, 1));
    const drawn = hash32(this.seed, salt, 9), values = NAMED_VALUES[`${struct}.${field}`] ?? NAMED_VALUES[field];
    // Objects of a type differ there, so that of the few there are one is of each kind: of two sockets one speaks IPv4.
    if (values) return BigInt(values[(hash32(this.seed, values.length, values[0]) + instance) % values.length]);
    return FULL_RANGE.has(this.btf!.types[id]?.name) ? BigInt(drawn) : this.number(salt);
  }

  #commOf(instance: number): string | undefined {
    const identity = this.tasks[instance - INSTANCES];
    return identity && commOf(identity.pidTgid);
  }

  #put(memory: Memory, offset: number, size: number, value: bigint): void {
    const at = Number(this.#base) + offset;
    for (let i = 0; i < size; i++) memory.bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }

  #putText(memory: Memory, offset: number, size: number, text: string): void {
    const at = Number(this.#base) + offset, bytes = new TextEncoder().encode(text).subarray(0, Math.max(0, size - 1));
    memory.bytes.fill(0, at, at + size);
    memory.bytes.set(bytes, at);
  }
}

/** Structs of an object by name; without the flavour where the object has none of the plain name. */
function structsOf(btf: Btf | undefined): Map<string, number> {
  const structs = new Map<string, number>();
  for (const { id, kind, name } of btf?.types ?? []) {
    if ((kind === "struct" || kind === "union") && name !== "" && !structs.has(name)) structs.set(name, id);
  }
  for (const [name, id] of [...structs]) {
    const plain = name.split("___")[0];
    if (!structs.has(plain)) structs.set(plain, id);
  }
  return structs;
}

/** Names of the structs that a struct's pointers lead to, those inside of its parts included. */
function pointees(btf: Btf, id: number): string[] {
  const names = new Set<string>();
  const visit = (id: number, depth: number) => {
    const type = resolveType(btf, id);
    if (depth > 16) return;
    if (type.kind === "array") visit(type.type ?? 0, depth + 1);
    else if (type.kind === "ptr") {
      const target = resolveType(btf, type.type ?? 0);
      if (target.kind === "struct" || target.kind === "union" || target.kind === "fwd") names.add(target.name);
    } else {for (const member of type.kind === "struct" || type.kind === "union" ? type.members ?? [] : []) {
        visit(member.type, depth + 1);
      }}
  };
  visit(id, 0);
  names.delete("");
  return [...names];
}

/** char, and what the kernel calls names in bytes: not u8, of which addresses are made. */
const isText = (btf: Btf, id: number): boolean => /^(char|unsigned char|signed char)$/.test(btf.types[id]?.name ?? "");
