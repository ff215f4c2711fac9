/**
 * ARENA maps (kernel/bpf/arena.c): pages that programs allocate and share with user space.
 *
 * A pointer of user space's has the linear address in its lower half, as the kernel's own have, so that a cast between
 * address spaces changes the upper half only. What is read where no page is is zero, and what is stored there is lost:
 * translated code leads such accesses to a page behind the others (translate/translate_memory.ts).
 */
import { REGION_FLAG } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { keyBytes } from "./array.ts";
import { errno, KernelError } from "./errno.ts";
import { type Found, KernelMap, type MapEntry, type MapEnvironment, type Place } from "./kernel_map.ts";

export const ARENA_PAGE_BYTES = 4096;
/** Pages of an arena that the simulator has memory for. */
const MOST_PAGES = 256;
/** Upper half of the addresses at which user space sees the arena. */
const USER_HIGH = 0x7fffn << 32n;

/** Where translated code finds an arena. */
export interface ArenaPlace {
  readonly region: number;
  readonly base: number;
  readonly pages: number;
  /** One byte for each page: whether it is there. */
  readonly present: number;
  /** What user space's addresses have in their upper half. */
  readonly userHigh: bigint;
}

export class ArenaMap extends KernelMap {
  readonly place: ArenaPlace;

  constructor(given: MapDef, index: number, environment: MapEnvironment) {
    const data = given.data?.bytes.length ?? 0, pages = Math.min(given.maxEntries, MOST_PAGES);
    super(given, index, environment);
    if (given.keySize !== 0 || given.valueSize !== 0) throw new KernelError("EINVAL", `arena ${given.name} with a key`);
    if (data > pages * ARENA_PAGE_BYTES) {
      throw new KernelError("E2BIG", `arena ${given.name}: its variables do not fit`);
    }
    const bytes = (pages + 1) * ARENA_PAGE_BYTES, flags = REGION_FLAG.read | REGION_FLAG.write | REGION_FLAG.shared;
    const base = this.allocate(bytes, (offset) => this.#placeAt(offset), ARENA_PAGE_BYTES);
    const present = this.allocate(pages, (page) => ({ name: `${given.name}.page[${page}]`, touches: "map" }));
    const region = environment.arena.addRegions(1, base, bytes, bytes, flags, `arena ${given.name}`);
    this.place = { region, base, pages, present, userHigh: USER_HIGH };
  }

  #placeAt(offset: number): Place {
    const isVariable = this.def.data &&
      this.valueLeaves.some((leaf) => offset >= leaf.offset && offset < leaf.offset + leaf.size);
    return isVariable ? this.placeInValue(offset, "") : { name: `${this.name}+${offset}`, touches: "data" };
  }

  /** libbpf puts variables of the arena at its beginning, by user space's mapping. */
  initialize(memory: Memory): void {
    const bytes = this.def.data?.bytes ?? new Uint8Array();
    memory.bytes.set(bytes, this.place.base);
    memory.bytes.fill(1, this.place.present, this.place.present + Math.ceil(bytes.length / ARENA_PAGE_BYTES));
  }

  /** User space's address of a byte: what instructions hold that name a variable of the arena. */
  userPointer(offset: number): bigint {
    return USER_HIGH | BigInt(this.place.base + offset);
  }

  /** The page that a pointer of either kind lies in. */
  pageOf(pointer: bigint): number {
    return Math.floor((Number(BigInt.asUintN(32, pointer)) - this.place.base) / ARENA_PAGE_BYTES);
  }

  /**
   * kernel/bpf/arena.c:arena_alloc_pages, under the arena's mutex: user space's address of so many pages of zeroes, the
   * first that are free or those at `at`; NULL where there are none.
   */
  *alloc(at: bigint, count: number): Model {
    const { place: { present, pages, base }, def } = this;
    if (count > def.maxEntries || at % BigInt(ARENA_PAGE_BYTES) !== 0n) return 0n;
    const wanted = at === 0n ? undefined : this.pageOf(at);
    if (wanted !== undefined && (wanted < 0 || wanted + count > def.maxEntries)) return 0n;
    const found = yield {
      kind: "atomic",
      addr: present,
      label: "arena_alloc_pages",
      touches: "map",
      run: (memory) => {
        const first = wanted ?? this.#firstFree(memory, count);
        if (first + count > pages) return first + count > def.maxEntries ? 0n : -1n;
        if (!this.#isFree(memory, first, count)) return 0n;
        memory.writeBytes(present + first, new Uint8Array(count).fill(1));
        memory.writeBytes(base + first * ARENA_PAGE_BYTES, new Uint8Array(count * ARENA_PAGE_BYTES));
        return BigInt(1 + first);
      },
    };
    if (found < 0n) {
      throw new WorkloadError(
        `arena ${this.name} takes more than ${pages} pages: the simulator has memory for no more`,
      );
    }
    return found === 0n ? 0n : this.userPointer((Number(found) - 1) * ARENA_PAGE_BYTES);
  }

  /** kernel/bpf/arena.c:arena_free_pages. */
  *free(pointer: bigint, count: number): Model<void> {
    const { present, pages } = this.place, first = this.pageOf(pointer);
    if (first < 0 || first >= pages) return;
    yield {
      kind: "atomic",
      addr: present,
      label: "arena_free_pages",
      touches: "map",
      run: (memory) => {
        memory.writeBytes(present + first, new Uint8Array(Math.min(count, pages - first)));
        return 0n;
      },
    };
  }

  #firstFree(memory: Memory, count: number): number {
    let first = 0;
    while (first + count <= this.place.pages && !this.#isFree(memory, first, count)) first++;
    return first;
  }

  #isFree({ bytes }: Memory, first: number, count: number): boolean {
    for (let page = first; page < first + count; page++) if (bytes[this.place.present + page] !== 0) return false;
    return true;
  }

  /** Programs may not call these on an arena: the verifier sees to that. */
  map_lookup_elem(): bigint {
    return errno("EINVAL");
  }
  *map_update_elem(): Model {
    return errno("EOPNOTSUPP");
  }
  *map_delete_elem(): Model {
    return errno("EOPNOTSUPP");
  }
  *map_get_next_key(): Model<Found> {
    return errno("EOPNOTSUPP");
  }
  *bpf_map_copy_value(): Model<Found> {
    return errno("EOPNOTSUPP");
  }

  /** Variables begin with the first page; for what tells states apart, every page that is there. */
  *entries(memory: Memory, filled = false): Iterable<MapEntry> {
    const { base, present, pages } = this.place;
    if (!filled) {
      if (this.def.data) yield { key: keyBytes(0), addr: base };
      return;
    }
    for (let page = 0; page < pages; page++) {
      if (memory.bytes[present + page] === 0) continue;
      yield { key: keyBytes(page), addr: base + page * ARENA_PAGE_BYTES, size: ARENA_PAGE_BYTES };
    }
  }
}
