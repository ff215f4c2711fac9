/** The maps of a loaded object by name, with those that user space makes while programs run. */
import type { BpfObject, MapDef } from "../../object/bpf_object.ts";
import { BackendError } from "../../host/backend_error.ts";
import { errnoName } from "../../uapi/errno.ts";
import type { LoadedMap } from "./kernel_object.ts";
import { cString, libbpf, libc, options } from "./libbpf.ts";
import { KernelPerfBuffer } from "./kernel_perf_buffer.ts";
import { KernelRing } from "./kernel_ring.ts";
import { type Element, readMap, restoreMap } from "./map_contents.ts";
import { freezeMap, updateElem } from "./map_calls.ts";
import { roundUp8 } from "../../maps/words.ts";
import { BPF_F_MMAPABLE } from "../../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";

/** Size of struct bpf_map_info, more than any kernel fills, and offset of its id. */
const MAP_INFO_BYTES = 256, MAP_INFO_ID = 4;
/** Size and offset of map_flags of struct bpf_map_create_opts (tools/lib/bpf/bpf.h). */
const CREATE_OPTS_BYTES = 64, CREATE_MAP_FLAGS = 28;

const PROT_READ_WRITE = 3, MAP_SHARED = 1, MAP_FAILED = 0xffff_ffff_ffff_ffffn;

const UNLISTED: readonly number[] = [
  BPF_MAP_TYPE.BLOOM_FILTER,
  BPF_MAP_TYPE.TASK_STORAGE,
  BPF_MAP_TYPE.CGRP_STORAGE,
  BPF_MAP_TYPE.SK_STORAGE,
  BPF_MAP_TYPE.INODE_STORAGE,
];

/** A map with what the object says about it. */
export interface NamedMap extends LoadedMap {
  readonly def: MapDef;
  /** The kernel's number for it, which lookups in an outer map give. */
  readonly id: number;
}

export class KernelMaps {
  readonly #mapped = new Map<NamedMap, Deno.PointerObject>();
  readonly #rings = new Map<NamedMap, KernelRing>();
  readonly #perf = new Map<NamedMap, KernelPerfBuffer>();
  readonly #maps: NamedMap[];
  readonly #fresh: NamedMap[] = [];
  #frozen = false;
  #initial: ReadonlyMap<NamedMap, readonly Element[]> = new Map();

  /**
   * @param loaded maps of a loaded object
   * @param programs its loaded programs, for slots of program arrays
   */
  constructor(
    loaded: readonly LoadedMap[],
    object: BpfObject,
    readonly programs: readonly { readonly name: string; readonly fd: number }[] = [],
  ) {
    this.#maps = object.maps.flatMap((def) => {
      const map = loaded.find((map) => map.name === def.name);
      return map ? [{ ...map, def, id: idOf(map.fd) }] : [];
    });
    for (const map of this.#maps) {
      if (isMapped(map)) this.mapped(map);
      if (map.type === BPF_MAP_TYPE.PERF_EVENT_ARRAY) this.#perf.set(map, new KernelPerfBuffer(map));
      if (isRing(map)) this.#rings.set(map, new KernelRing(map));
    }
  }

  /** The buffers behind a PERF_EVENT_ARRAY; undefined for any other map. */
  perfBuffer(map: NamedMap): KernelPerfBuffer | undefined {
    return this.#perf.get(map);
  }

  /** The memory of a ring buffer; undefined for any other map. */
  ring(map: NamedMap): KernelRing | undefined {
    return this.#rings.get(map);
  }

  /** BPF_MAP_FREEZE: 0 or a negative errno. What is frozen stays so until the object is closed. */
  freeze(map: NamedMap): number {
    const result = freezeMap(map);
    if (result === 0) this.#frozen = true;
    return result;
  }

  /**
   * Whether {@link reset} can bring back what the maps held: not once one was frozen, and the positions of a ring buffer
   * only ever go on. What bloom filters and local storages hold cannot be listed.
   */
  get isResettable(): boolean {
    if (this.#maps.some(({ type }) => UNLISTED.includes(type))) return false;
    if ([...this.#perf.values()].some((buffer) => buffer.wasUsed)) return false;
    return !this.#frozen && [...this.#rings.values()].every((ring) => ring.producerPos === 0n);
  }

  /** What the maps hold now is what {@link reset} brings back. */
  keep(): void {
    this.#initial = new Map(this.#maps.map((map) => [map, readMap(map)]));
  }

  /** All of them, in the order of the object, fresh ones last. */
  get all(): readonly NamedMap[] {
    return [...this.#maps, ...this.#fresh];
  }

  /** Whether user space made a map while programs ran. */
  isFresh(map: NamedMap): boolean {
    return this.#fresh.includes(map);
  }

  /**
   * @throws RangeError naming the maps that there are
   */
  find(name: string): NamedMap {
    const found = this.all.find((map) => map.name === name);
    if (found) return found;
    const known = this.#maps.filter((map) => !map.def.data).map((map) => map.name).join(", ");
    throw new RangeError(`no map is called ${name}; there is ${known || "none"}`);
  }

  /** What stands in a slot of an outer map or of a program array: the kernel gives its id. */
  nameInSlot(map: NamedMap, value: Uint8Array): string {
    const id = new DataView(value.buffer, value.byteOffset).getUint32(0, true);
    if (isOuter(map)) return this.all.find((inner) => inner.id === id)?.name ?? "none";
    return this.programs.find(({ fd }) => idOf(fd) === id)?.name ?? "none";
  }

  /**
   * What user space passes to put a map or a program into a slot: its file descriptor.
   *
   * @throws RangeError naming what there is
   */
  slotValue(map: NamedMap, name: string): Uint8Array {
    if (isOuter(map)) return fdBytes(this.find(name).fd);
    const program = this.programs.find((program) => program.name === name);
    if (program) return fdBytes(program.fd);
    throw new RangeError(`no program is called ${name}; there is ${this.programs.map(({ name }) => name).join(", ")}`);
  }

  /** BPF_MAP_CREATE with the shape of an outer map's inner maps. */
  createInner(outer: NamedMap): NamedMap {
    const inner = outer.def.inner;
    if (!inner) throw new RangeError(`map ${outer.name} is no map in map whose inner maps the listing describes`);
    const flags = options(CREATE_OPTS_BYTES, [[CREATE_MAP_FLAGS, 4, inner.flags]]);
    const { type, keySize, valueSize, maxEntries } = inner;
    const fd = libbpf().bpf_map_create(type, cString("fresh"), keySize, valueSize, maxEntries, flags);
    if (fd < 0) throw new BackendError(`the kernel refuses an inner map for ${outer.name}: ${errnoName(fd)}`);
    const name = `${outer.name}#${this.#fresh.filter((map) => map.name.startsWith(`${outer.name}#`)).length + 1}`;
    const map = {
      name,
      fd,
      type,
      keySize,
      valueSize,
      maxEntries,
      flags: inner.flags,
      def: { ...inner, name },
      id: idOf(fd),
    };
    this.#fresh.push(map);
    return map;
  }

  /**
   * Memory of a data section or a BPF_F_MMAPABLE array, mapped into this process; not to be touched after {@link close}.
   *
   * @throws BackendError when the kernel does not map it
   */
  mapped(map: NamedMap): DataView {
    let memory: Deno.PointerValue = this.#mapped.get(map) ?? null;
    if (memory === null) {
      memory = libc().mmap(null, BigInt(mappedBytes(map)), PROT_READ_WRITE, MAP_SHARED, map.fd, 0n);
      if (Deno.UnsafePointer.value(memory) === MAP_FAILED || memory === null) {
        throw new BackendError(`${map.name} cannot be mapped into this process`);
      }
      this.#mapped.set(map, memory);
    }
    return new DataView(Deno.UnsafePointerView.getArrayBuffer(memory, mappedBytes(map)));
  }

  /** Puts every map back to what it was at first. */
  reset(): void {
    for (const [map, elements] of this.#initial) {
      if (map.def.inner || isOuter(map)) this.#resetOuter(map, elements);
      else restoreMap(map, elements);
    }
    this.closeFresh();
  }

  /** Closes the maps that user space made. */
  closeFresh(): void {
    for (const map of this.#fresh.splice(0)) libc().close(map.fd);
  }

  /** Gives back what does not belong to the object itself. */
  close(): void {
    this.closeFresh();
    for (const buffer of this.#perf.values()) buffer.close();
    this.#perf.clear();
    for (const ring of this.#rings.values()) ring.close();
    this.#rings.clear();
    for (const [map, memory] of this.#mapped) libc().munmap(memory, BigInt(mappedBytes(map)));
    this.#mapped.clear();
  }

  #resetOuter(outer: NamedMap, elements: readonly Element[]): void {
    const now = readMap(outer);
    for (const { key, values: [id] } of elements) {
      const same = now.find((element) => `${element.key}` === `${key}` && `${element.values[0]}` === `${id}`);
      const inner = this.#maps.find((map) => map.id === new DataView(id.buffer).getUint32(0, true));
      if (!same && inner) updateElem(outer, key, fdBytes(inner.fd));
    }
  }
}

const isRing = ({ type }: LoadedMap): boolean => type === BPF_MAP_TYPE.RINGBUF;

/** Whether it is an array of the listing's that user space has mapped. */
export const isMapped = ({ def }: NamedMap): boolean => !def.data && (def.flags & BPF_F_MMAPABLE) !== 0;

/** kernel/bpf/arraymap.c:array_map_alloc: values stand 8-byte-aligned from the mapping's beginning. */
const mappedBytes = (map: NamedMap): number => isMapped(map) ? roundUp8(map.valueSize) * map.maxEntries : map.valueSize;

/** Number of a map, program or BTF that stands for it in the whole system. */
export function idOf(fd: number): number {
  const info = new Uint8Array(MAP_INFO_BYTES), length = new Uint8Array(new Uint32Array([MAP_INFO_BYTES]).buffer);
  const failed = libbpf().bpf_obj_get_info_by_fd(fd, info, length);
  if (failed < 0) throw new BackendError(`the kernel says nothing about a map: ${errnoName(failed)}`);
  return new DataView(info.buffer).getUint32(MAP_INFO_ID, true);
}

/** Map types 12 and 13: ARRAY_OF_MAPS, HASH_OF_MAPS. */
const isOuter = (map: LoadedMap): boolean =>
  map.type === BPF_MAP_TYPE.ARRAY_OF_MAPS || map.type === BPF_MAP_TYPE.HASH_OF_MAPS;

/** Whether values stand for maps or (type 3, PROG_ARRAY) for programs. */
export const hasSlots = (map: LoadedMap): boolean => isOuter(map) || map.type === BPF_MAP_TYPE.PROG_ARRAY;

const fdBytes = (fd: number): Uint8Array => new Uint8Array(new Uint32Array([fd]).buffer);
