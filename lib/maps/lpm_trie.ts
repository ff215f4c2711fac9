/** LPM_TRIE maps (kernel/bpf/lpm_trie.c): prefixes of bits; a lookup finds the longest that its key begins with. */
import { CACHE_LINE_BYTES, REGION_FLAG } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { calls, load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import { raw_res_spin_lock_irqsave, raw_res_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { BPF_EXIST, BPF_F_NO_PREALLOC, BPF_NOEXIST } from "../uapi/flags.ts";
import { read_map_value } from "./copy_map_value.ts";
import { errno, KernelError } from "./errno.ts";
import { type Found, KernelMap, type MapEntry, type MapEnvironment, type Place } from "./kernel_map.ts";
import { formatKey } from "./map_values.ts";
import { readSource, readWord, type Source } from "./source.ts";
import { leavesOf } from "./value_layout.ts";
import { roundUp8, setWord, type Word, wordAt, wordsOf } from "./words.ts";

/** struct lpm_trie, and where its free nodes wait: a queue that goes round. */
const TRIE = { lock: 0, root: 8, n_entries: 16, free_head: 24, free_tail: 28, bytes: CACHE_LINE_BYTES } as const;
/** struct lpm_trie_node; the key (prefixlen, then data) and the value follow. */
const NODE = { flags: 0, child: 8, key: 24 } as const;
const LPM_TREE_NODE_FLAG_IM = 1n;
const PREFIXLEN_BYTES = 4;
const SMALLEST_KEY = 5, LARGEST_KEY = 260;

/**
 * A freed node is used again after a grace period (bpf_mem_cache_free_rcu): here once so many others were, in the order in
 * which they were freed.
 */
const SPARE_NODES = 32;

interface Key {
  readonly bytes: Uint8Array;
  readonly prefixlen: number;
}

export class LpmTrieMap extends KernelMap {
  readonly #maxPrefixlen: number;
  readonly #trie: number;
  readonly #nodes: number;
  readonly #free: number;
  readonly #nodeBytes: number;
  readonly #count: number;
  readonly #valueOffset: number;
  readonly #region: number;
  readonly #keyWords: readonly Word[];

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    const { keySize, valueSize, maxEntries, flags } = def;
    if (!(flags & BPF_F_NO_PREALLOC) || keySize < SMALLEST_KEY || keySize > LARGEST_KEY || valueSize < 1) {
      throw new KernelError(
        "EINVAL",
        `LPM trie ${def.name} without BPF_F_NO_PREALLOC, or with a key of ${keySize} bytes`,
      );
    }
    this.#maxPrefixlen = 8 * (keySize - PREFIXLEN_BYTES);
    this.#keyWords = wordsOf(keySize);
    this.#valueOffset = NODE.key + roundUp8(keySize);
    this.#nodeBytes = this.#valueOffset + roundUp8(valueSize);
    // Each entry but the first can have an intermediate node above it.
    this.#count = 2 * maxEntries + SPARE_NODES * environment.nrCpus;
    this.#trie = this.allocate(TRIE.bytes, (offset) => {
      if (offset < TRIE.root) return { name: `${def.name}.lock`, touches: "lock" };
      if (offset < TRIE.n_entries) return { name: `${def.name}.root`, touches: "next" };
      return offset < TRIE.free_head
        ? { name: `${def.name}.n_entries`, touches: "count" }
        : { name: `${def.name}.free`, touches: "free_list" };
    });
    this.#free = this.allocate(4 * this.#count, () => ({ name: `${def.name}.free`, touches: "free_list" }));
    this.#nodes = this.allocate(this.#count * this.#nodeBytes, (offset, memory) => this.#placeOf(offset, memory));
    this.#region = environment.arena.addRegions(
      this.#count,
      this.#nodes + this.#valueOffset,
      this.#nodeBytes,
      valueSize,
      REGION_FLAG.read | REGION_FLAG.write | REGION_FLAG.shared,
      `a value of ${def.name}`,
    );
  }

  initialize(memory: Memory): void {
    for (let i = 0; i < this.#count; i++) memory.setU32(this.#free + 4 * i, i);
  }

  /** kernel/bpf/lpm_trie.c:trie_lookup_elem: no lock. */
  *map_lookup_elem(_ctx: TaskContext, source: Source): Model {
    const node = yield* this.#lookup(yield* this.#readKey(source));
    if (node === 0) return 0n;
    const region = this.#region + (node - this.#nodes) / this.#nodeBytes;
    return (BigInt(region) << 32n) | BigInt(node + this.#valueOffset);
  }

  *#lookup(key: Key): Model<number> {
    if (key.prefixlen > this.#maxPrefixlen) return 0;
    let found = 0;
    for (let node = yield* this.#link(this.#root, false); node !== 0;) {
      yield calls(1);
      const own = yield* this.#keyOf(node), matchlen = longest_prefix_match(own, key);
      if (matchlen === this.#maxPrefixlen) return node;
      if (matchlen < own.prefixlen) break;
      if (!(yield* this.#isIntermediate(node, false))) found = node;
      node = yield* this.#link(this.#child(node, bit(key, own.prefixlen)), false);
    }
    return found;
  }

  /** kernel/bpf/lpm_trie.c:trie_update_elem: a new node, whatever was there. */
  *map_update_elem(ctx: TaskContext, source: Source, value: Source, flags: bigint): Model {
    if (flags > BPF_EXIST) return errno("EINVAL");
    const key = yield* this.#readKey(source);
    if (key.prefixlen > this.#maxPrefixlen) return errno("EINVAL");
    const fresh = yield* this.#alloc(key.bytes);
    for (const word of this.valueWords) {
      const loaded = yield* readWord(value, word, "value");
      yield store(fresh + this.#valueOffset + word.offset, word.size, loaded, "node.value", true);
    }
    const refused = yield* this.#lock(ctx);
    if (refused) {
      yield* this.#giveBack(fresh);
      return refused;
    }
    const { slot, node, matchlen, prefixlen } = yield* this.#walk(key);
    let result = 0n, freed = 0;
    if (node === 0) {
      result = yield* this.#addElem(flags);
      if (result === 0n) yield* this.#assign(slot, fresh);
    } else if (prefixlen === matchlen) {
      if (yield* this.#isIntermediate(node, true)) result = yield* this.#addElem(flags);
      else if (flags === BPF_NOEXIST) result = errno("EEXIST");
      if (result === 0n) {
        for (const side of [0, 1]) {
          const child = yield* this.#link(this.#child(node, side), true);
          yield store(this.#child(fresh, side), 4, BigInt(child), "node.child", true);
        }
        yield* this.#assign(slot, fresh);
        freed = node;
      }
    } else {
      result = yield* this.#addElem(flags);
      if (result === 0n) yield* this.#insertAbove(slot, node, fresh, key, matchlen);
    }
    yield* this.#unlock();
    if (result !== 0n) yield* this.#giveBack(fresh);
    if (freed !== 0) yield* this.#giveBack(freed);
    return result;
  }

  /** The new node becomes the ancestor of one that it is a prefix of; else both hang below an intermediate one. */
  *#insertAbove(slot: number, node: number, fresh: number, key: Key, matchlen: number): Model<void> {
    const own = yield* this.#keyOf(node);
    if (matchlen === key.prefixlen) {
      yield store(this.#child(fresh, bit(own, matchlen)), 4, BigInt(node), "node.child", true);
      return yield* this.#assign(slot, fresh);
    }
    const bytes = own.bytes.slice();
    new DataView(bytes.buffer).setUint32(0, matchlen, true);
    const between = yield* this.#alloc(bytes), side = bit(key, matchlen);
    yield store(between + NODE.flags, 4, LPM_TREE_NODE_FLAG_IM, "node.flags", true);
    yield store(this.#child(between, side), 4, BigInt(fresh), "node.child", true);
    yield store(this.#child(between, 1 - side), 4, BigInt(node), "node.child", true);
    yield* this.#assign(slot, between);
  }

  /** kernel/bpf/lpm_trie.c:trie_delete_elem. */
  *map_delete_elem(ctx: TaskContext, source: Source): Model {
    const key = yield* this.#readKey(source);
    if (key.prefixlen > this.#maxPrefixlen) return errno("EINVAL");
    const refused = yield* this.#lock(ctx);
    if (refused) return refused;
    const { slot, node, matchlen, prefixlen, parent, parentSlot } = yield* this.#walk(key);
    const isThere = node !== 0 && prefixlen === key.prefixlen && prefixlen === matchlen;
    if (!isThere || (yield* this.#isIntermediate(node, true))) {
      yield* this.#unlock();
      return errno("ENOENT");
    }
    const count = this.#trie + TRIE.n_entries;
    yield store(count, 4, (yield load(count, 4, "n_entries", true)) - 1n, "n_entries", true);
    const children = [yield* this.#link(this.#child(node, 0), true), yield* this.#link(this.#child(node, 1), true)];
    const freed: number[] = [];
    if (children[0] !== 0 && children[1] !== 0) {
      yield store(node + NODE.flags, 4, LPM_TREE_NODE_FLAG_IM, "node.flags");
    } else if (
      parent !== 0 && children[0] === 0 && children[1] === 0 && (yield* this.#isIntermediate(parent, true))
    ) {
      // An intermediate parent goes too; its other child moves up.
      const first = yield* this.#link(this.#child(parent, 0), true);
      yield* this.#assign(parentSlot, yield* this.#link(this.#child(parent, first === node ? 1 : 0), true));
      freed.push(parent, node);
    } else {
      yield* this.#assign(slot, children[0] || children[1]);
      freed.push(node);
    }
    yield* this.#unlock();
    for (const one of freed) yield* this.#giveBack(one);
    return 0n;
  }

  /** kernel/bpf/lpm_trie.c:trie_get_next_key: children before their parents, so the longest prefixes first. */
  *map_get_next_key(_ctx: TaskContext, bytes: Uint8Array | undefined): Model<Found> {
    const root = yield* this.#link(this.#root, false);
    if (root === 0) return errno("ENOENT");
    const key = bytes && keyOf(bytes);
    if (!key || key.prefixlen > this.#maxPrefixlen) return yield* this.#leftmost(root);
    const path: number[] = [];
    let matchlen = 0, own: Key | undefined;
    for (let node = root; node !== 0;) {
      path.push(node);
      own = yield* this.#keyOf(node);
      matchlen = longest_prefix_match(own, key);
      if (own.prefixlen !== matchlen || own.prefixlen === key.prefixlen) break;
      node = yield* this.#link(this.#child(node, bit(key, own.prefixlen)), false);
      own = undefined;
    }
    let node = path.at(-1)!;
    if (!own || own.prefixlen !== matchlen || (yield* this.#isIntermediate(node, false))) {
      return yield* this.#leftmost(root);
    }
    for (let depth = path.length - 1; depth > 0; depth--) {
      const parent = path[depth - 1];
      if ((yield* this.#link(this.#child(parent, 0), false)) === node) {
        const other = yield* this.#link(this.#child(parent, 1), false);
        if (other !== 0) return yield* this.#leftmost(other);
      }
      if (!(yield* this.#isIntermediate(parent, false))) return (yield* this.#keyOf(parent)).bytes;
      node = parent;
    }
    return errno("ENOENT");
  }

  *#leftmost(from: number): Model<Found> {
    let next = 0;
    for (let node = from; node !== 0;) {
      const isIntermediate = yield* this.#isIntermediate(node, false);
      if (!isIntermediate) next = node;
      const first = yield* this.#link(this.#child(node, 0), false);
      node = first !== 0 || isIntermediate ? first : yield* this.#link(this.#child(node, 1), false);
    }
    return next === 0 ? errno("ENOENT") : (yield* this.#keyOf(next)).bytes;
  }

  *bpf_map_copy_value(_ctx: TaskContext, bytes: Uint8Array): Model<Found> {
    const node = yield* this.#lookup(keyOf(bytes));
    return node === 0 ? errno("ENOENT") : yield* read_map_value(this, node + this.#valueOffset);
  }

  /** In the order of the bits. */
  *entries(memory: Memory): Iterable<MapEntry> {
    yield* this.#below(memory, memory.getU32(this.#root));
  }

  *#below(memory: Memory, node: number): Iterable<MapEntry> {
    if (node === 0) return;
    if (memory.getU32(node + NODE.flags) === 0) {
      const key = memory.bytes.slice(node + NODE.key, node + NODE.key + this.def.keySize);
      yield { key, addr: node + this.#valueOffset };
    }
    for (const side of [0, 1]) yield* this.#below(memory, memory.getU32(this.#child(node, side)));
  }

  /** Under the lock: the slot where the key's node is or belongs, and what stands there. */
  *#walk(key: Key): Model<Walk> {
    let slot = this.#root, parent = 0, parentSlot = slot;
    for (;;) {
      const node = yield* this.#link(slot, true);
      if (node === 0) return { slot, node, matchlen: 0, prefixlen: 0, parent, parentSlot };
      const own = yield* this.#keyOf(node), matchlen = longest_prefix_match(own, key), { prefixlen } = own;
      if (prefixlen !== matchlen || prefixlen === key.prefixlen) {
        return { slot, node, matchlen, prefixlen, parent, parentSlot };
      }
      parent = node;
      parentSlot = slot;
      slot = this.#child(node, bit(key, prefixlen));
    }
  }

  /** kernel/bpf/lpm_trie.c:trie_check_add_elem. */
  *#addElem(flags: bigint): Model {
    if (flags === BPF_EXIST) return errno("ENOENT");
    const addr = this.#trie + TRIE.n_entries, count = yield load(addr, 4, "n_entries", true);
    if (count === BigInt(this.def.maxEntries)) return errno("ENOSPC");
    yield store(addr, 4, count + 1n, "n_entries", true);
    return 0n;
  }

  get #root(): number {
    return this.#trie + TRIE.root;
  }

  #child(node: number, side: number): number {
    return node + NODE.child + 8 * side;
  }

  *#link(slot: number, locked: boolean): Model<number> {
    return Number(yield load(slot, 4, slot === this.#root ? "root" : "node.child", locked));
  }

  /** rcu_assign_pointer: lookups take no lock. */
  *#assign(slot: number, node: number): Model<void> {
    yield store(slot, 4, BigInt(node), slot === this.#root ? "root" : "node.child");
  }

  *#isIntermediate(node: number, locked: boolean): Model<boolean> {
    return (yield load(node + NODE.flags, 4, "node.flags", locked)) !== 0n;
  }

  /** A node's key does not change as long as a reader can stand on it. */
  *#keyOf(node: number): Model<Key> {
    const bytes = new Uint8Array(this.def.keySize);
    for (const word of this.#keyWords) {
      setWord(bytes, word, yield load(node + NODE.key + word.offset, word.size, "node.key", true));
    }
    return keyOf(bytes);
  }

  *#readKey(source: Source): Model<Key> {
    return keyOf(yield* readSource(source, this.def.keySize, "key"));
  }

  /** A node that no CPU can reach yet, with its key. */
  *#alloc(key: Uint8Array): Model<number> {
    yield { kind: "work", what: "alloc" };
    const index = yield {
      kind: "private",
      run: (memory) => BigInt(memory.getU32(this.#free + 4 * this.#turn(memory, TRIE.free_head))),
    };
    const node = this.#nodes + Number(index) * this.#nodeBytes;
    yield store(node + NODE.flags, 4, 0n, "node.flags", true);
    for (const side of [0, 1]) yield store(this.#child(node, side), 4, 0n, "node.child", true);
    for (const word of this.#keyWords) {
      yield store(node + NODE.key + word.offset, word.size, wordAt(key, word), "node.key", true);
    }
    return node;
  }

  *#giveBack(node: number): Model<void> {
    yield {
      kind: "private",
      run: (memory) => {
        memory.setU32(this.#free + 4 * this.#turn(memory, TRIE.free_tail), (node - this.#nodes) / this.#nodeBytes);
        return 0n;
      },
    };
  }

  /** Where one end of the queue of free nodes stands; moves it on. */
  #turn(memory: Memory, end: number): number {
    const at = memory.getU32(this.#trie + end);
    memory.setU32(this.#trie + end, (at + 1) % this.#count);
    return at;
  }

  #lock(ctx: TaskContext): Model {
    return raw_res_spin_lock_irqsave(ctx, this.#trie + TRIE.lock, "trie.lock");
  }

  #unlock(): Model<void> {
    return raw_res_spin_unlock_irqrestore(this.#trie + TRIE.lock, "trie.unlock");
  }

  #placeOf(offset: number, memory: Memory): Place {
    const node = this.#nodes + Math.floor(offset / this.#nodeBytes) * this.#nodeBytes,
      inside = offset % this.#nodeBytes;
    const bytes = memory.bytes.slice(node + NODE.key, node + NODE.key + this.def.keySize);
    const key = `${this.name}[${formatKey(bytes, leavesOf(this.environment.btf, this.def.keyType, bytes.length))}]`;
    if (inside >= this.#valueOffset) return this.placeInValue(inside - this.#valueOffset, key, this.name);
    if (inside >= NODE.key) return { name: `${key}.key`, touches: "key" };
    return inside >= NODE.child
      ? { name: `${key}.child[${inside < NODE.child + 8 ? 0 : 1}]`, touches: "next" }
      : { name: `${key}.flags`, touches: "elem" };
  }
}

interface Walk {
  readonly slot: number;
  readonly node: number;
  readonly matchlen: number;
  readonly prefixlen: number;
  readonly parent: number;
  readonly parentSlot: number;
}

const keyOf = (bytes: Uint8Array): Key => ({ bytes, prefixlen: Number(wordAt(bytes, { offset: 0, size: 4 })) });

/** kernel/bpf/lpm_trie.c:extract_bit: the n-th bit of the data, from the highest of the first byte on. */
const bit = ({ bytes }: Key, n: number): number => (bytes[PREFIXLEN_BYTES + (n >> 3)] >> (7 - (n & 7))) & 1;

/** kernel/bpf/lpm_trie.c:longest_prefix_match: how many bits agree, up to the shorter of the two prefixes. */
function longest_prefix_match(a: Key, b: Key): number {
  const most = Math.min(a.prefixlen, b.prefixlen);
  let n = 0;
  while (n < most && bit(a, n) === bit(b, n)) n++;
  return n;
}
