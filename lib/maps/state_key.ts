/**
 * What tells final states apart: everything that programs and user space share, none of it left out.
 *
 * Every byte of every global variable and every map entry counts, padding included; an entry whose value is zero is not
 * an absent one. Names play no part, and neither does where an element happens to stand: entries count in the order of
 * their keys. Left out is what nobody can read: locks, free lists, read-only data, and which of several inner maps that
 * user space made is which (the kernel's ids for them say nothing either).
 */
import type { Memory } from "../cpu/memory.ts";
import type { KernelMap } from "./kernel_map.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { SpecialField } from "../object/special_fields.ts";
import type { OwnObjects } from "./own_objects.ts";
import { leadingFields, objectsBehind } from "./owned_values.ts";
import { spinLockOffset } from "./value_layout.ts";
import { ASYNC_FIELD } from "./async_callbacks.ts";
import { type Gap, roundUp8 } from "./words.ts";

const SPIN_LOCK_BYTES = 4;

/**
 * The shared state as text: equal texts are equal states.
 *
 * It is a fingerprint of 128 bits, two of 64 that are independent of each other, since maps may hold megabytes and a
 * search keeps a key for each outcome. With n outcomes the chance that any two that differ get the same is below
 * n^2 / 2^129.
 */
export function stateKey(maps: readonly KernelMap[], memory: Memory): string {
  return new StateKey(maps, memory).text();
}

class StateKey {
  /** Inner maps that user space made, in the order in which slots lead to them; each is written where that happens. */
  readonly #met: KernelMap[] = [];
  readonly #fresh: ReadonlySet<KernelMap>;
  /** Objects of the programs' own that were written, in the order in which fields lead to them. */
  readonly #objects: number[] = [];

  constructor(readonly maps: readonly KernelMap[], readonly memory: Memory) {
    this.#fresh = new Set(maps.flatMap((map) => map.freshInnerMaps?.maps ?? []));
  }

  text(): string {
    const { maps, memory } = this, whole = new Fingerprint();
    for (const map of maps) if (!this.#fresh.has(map)) this.#write(map, whole);
    // A map that is written can lead to others: the list grows meanwhile.
    for (let i = 0; i < this.#met.length; i++) this.#write(this.#met[i], whole);
    const created = maps.flatMap((map) => map.freshInnerMaps?.created(memory) ?? []);
    const alone = created.filter((map) => !this.#met.includes(map)).map((map) => {
      const one = new Fingerprint();
      this.#write(map, one);
      return one.text();
    });
    return [whole.text(), ...alone.sort()].join(" ");
  }

  #write(map: KernelMap, into: Fingerprint): void {
    const { memory } = this, { def } = map;
    if (def.data?.readonly) return;
    const isOuter = def.type === BPF_MAP_TYPE.ARRAY_OF_MAPS || def.type === BPF_MAP_TYPE.HASH_OF_MAPS;
    const valueSize = map.isPerCpu ? roundUp8(def.valueSize) : def.valueSize, locks = locksOf(map);
    let count = 0;
    // All entries of an array are there, so those that are all zero need not be named.
    for (const { key, addr, cpu = -1, size = valueSize } of map.entries(memory, true)) {
      count++;
      if (size !== valueSize) into.word(size);
      // Below 0, as no count is: the text has only one reading.
      into.word(-2 - cpu);
      into.bytes(key, 0, key.length);
      if (isOuter) into.word(this.#numberOf(memory.getU32(addr)));
      else {
        let from = addr;
        for (const { offset, size } of locks) {
          into.bytes(memory.bytes, from, addr + offset);
          from = addr + offset + size;
        }
        into.bytes(memory.bytes, from, addr + size);
        this.#writeOwned(map.environment.owner?.own, map.fields, addr, into);
      }
    }
    into.word(count);
  }

  /** What fields lead to; an object that several do is written once. */
  #writeOwned(own: OwnObjects | undefined, fields: readonly SpecialField[], addr: number, into: Fingerprint): void {
    const { memory } = this, met = this.#objects;
    for (const field of leadingFields(fields)) {
      const at = addr + field.offset, objects = objectsBehind(own, memory, field, at);
      into.word(objects.length);
      if (objects.length === 0 && field.kind.startsWith("kptr")) into.word(memory.getU32(at));
      for (const object of objects) {
        const known = met.indexOf(object), { type } = own!.at(object)!;
        into.word(known);
        if (known >= 0) continue;
        met.push(object);
        let from = object;
        for (const { offset, size } of type.fields) {
          into.bytes(memory.bytes, from, object + offset);
          from = object + offset + size;
        }
        into.bytes(memory.bytes, from, object + type.size);
        this.#writeOwned(own, type.fields, object, into);
      }
    }
  }

  /** What stands for the inner map with an id: 0 for none. */
  #numberOf(id: number): number {
    const map = this.maps[id - 1];
    if (!map || !this.#fresh.has(map)) return id;
    if (!this.#met.includes(map)) this.#met.push(map);
    return -1 - this.#met.indexOf(map);
  }
}

/** Where locks, timers, work and what leads to objects stand in a value, in rising order. */
function locksOf({ def, fields, lockOffset, asyncFields, environment: { btf } }: KernelMap): Gap[] {
  const lock = (offset: number): Gap => ({ offset, size: SPIN_LOCK_BYTES }), leading = leadingFields(fields);
  if (!def.data) {
    const gaps = asyncFields.map(({ offset }) => ({ offset, size: ASYNC_FIELD.bytes }));
    return [...gaps, ...leading, ...lockOffset === undefined ? [] : [lock(lockOffset)]].sort(byOffset);
  }
  if (!btf) return [];
  const locks = def.data.variables.flatMap(({ type, offset }) => {
    const inside = type ? spinLockOffset(btf, type) : undefined;
    return inside === undefined ? [] : [lock(offset + inside)];
  });
  return [...locks, ...leading].sort(byOffset);
}

const byOffset = (a: Gap, b: Gap): number => a.offset - b.offset;

/** A fingerprint of 128 bits of a sequence of words and byte strings whose lengths are known to whoever compares. */
export class Fingerprint {
  // Four multiply-and-shift chains with odd factors of their own (those of MurmurHash3_x86_128 and xxHash32); each step
  // is one-to-one in the chain's state, and each pair of chains makes 64 bits.
  #a = 0x1b87_3593;
  #b = 0x52dc_e729;
  #c = 0x38b3_4ae5;
  #d = 0x27d4_eb2f;

  word(word: number): void {
    let h = Math.imul(this.#a ^ word, 0x85eb_ca6b);
    this.#a = h ^ (h >>> 15);
    h = Math.imul((this.#b + word) | 0, 0x9e37_79b1);
    this.#b = h ^ (h >>> 13);
    // Of the second pair each takes in the other's state, so that it differs from the first in kind.
    h = Math.imul(this.#c ^ Math.imul(word, 0xc2b2_ae35), 0x165_667b1) + this.#d | 0;
    this.#c = h ^ (h >>> 16);
    h = Math.imul(this.#d ^ this.#c, 0x2c1b_3c6d) + word | 0;
    this.#d = h ^ (h >>> 14);
  }

  /** Takes in bytes [from, to) of an array. */
  bytes(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    for (; at + 4 <= to; at += 4) {
      this.word(bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    }
    let rest = 0;
    for (let i = at; i < to; i++) rest |= bytes[i] << (8 * (i - at));
    if (at < to) this.word(rest);
  }

  text(): string {
    return [this.#a, this.#b, this.#c, this.#d].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
