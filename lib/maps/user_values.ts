/** What user space writes and sees of maps, and the bytes behind it: maps and programs by name, keys and values by BTF. */
import type { Btf } from "../object/btf.ts";
import { sizeOfType } from "../object/btf_types.ts";
import type { BpfObject, Program } from "../object/bpf_object.ts";
import { BPF_MAP_TYPE, mapTypeName } from "../uapi/map_types.ts";
import { didYouMean } from "../words/closest_name.ts";
import { decodeValue, encodeValue, type MapInput, type MapValue } from "./btf_value.ts";
import type { KernelMap } from "./kernel_map.ts";
import { RingbufMap } from "./ringbuf.ts";
import { roundUp8 } from "./words.ts";

/** One entry of a walk or of a batch. */
export interface UserEntry<V> {
  /** Numbers as bigint, a struct as an object with its fields. */
  readonly key: MapValue;
  /** The same; of a per-CPU map an array with each CPU's value. */
  readonly value: V;
}

/** What a batch call gave: its entries, in the kernel's order. */
export type UserBatch<V> = UserEntry<V>[] & {
  /** Whether the call came to the map's end (ENOENT). */
  readonly done: boolean;
  /** Where the next call goes on; nothing after the end. The number of a bucket, or a key: to be handed back, not read. */
  readonly cursor?: Uint8Array;
};

/** One entry to be written; of a map in map the value is the name of a map. */
export interface UserInput {
  /** The key, as `update` takes it. */
  readonly key: MapInput;
  /** The value, or the name of a map. */
  readonly value: MapInput | string;
}

/**
 * What a perf buffer gives: a record of a CPU, or how many that CPU's buffer had no room for before the next one.
 *
 * @internal
 */
export type UserPerfRecord<V> =
  | { readonly cpu: number; readonly data: V }
  | { readonly cpu: number; readonly lost: bigint };

/** Of the maps and programs of one object. */
export class UserValues {
  readonly #maps: readonly KernelMap[];
  readonly #btf: Btf | undefined;
  readonly #programs: readonly Program[];

  constructor(maps: readonly KernelMap[], { btf, programs }: Pick<BpfObject, "btf" | "programs">) {
    this.#maps = maps;
    this.#btf = btf;
    this.#programs = programs;
  }

  map(name: string): KernelMap {
    const map = this.#maps.find((map) => map.name === name);
    if (map) return map;
    const known = this.#maps.filter((map) => !map.def.data && !map.name.includes("#")).map((map) => map.name);
    throw new RangeError(`no map is called ${name}; there is ${known.join(", ") || "none"}${didYouMean(name, known)}`);
  }

  ring(name: string): RingbufMap {
    const map = this.map(name);
    if (map instanceof RingbufMap) return map;
    throw new TypeError(`${name} is ${mapTypeName(map.def.type)}, no ring buffer`);
  }

  /** A key as a system call takes it. */
  key(map: KernelMap, key: MapInput): Uint8Array {
    return encodeValue(this.#btf, map.def.keyType, map.def.keySize, key, `key of ${map.name}`);
  }

  /** A key as a system call gave it. */
  keyOf(map: KernelMap, bytes: Uint8Array): MapValue {
    return decodeValue(this.#btf, map.def.keyType, bytes);
  }

  /** A value as a system call takes it: of a map in map or a PROG_ARRAY the name of a map or a program. */
  value(map: KernelMap, value: MapInput | string): Uint8Array {
    return typeof value === "string" ? this.#id(map, value) : this.#ownValue(map, value);
  }

  /** A value as a system call copied it out. */
  valueOf(map: KernelMap, bytes: Uint8Array): unknown {
    const { type, valueType, valueSize } = map.def;
    if (type === BPF_MAP_TYPE.ARRAY_OF_MAPS || type === BPF_MAP_TYPE.HASH_OF_MAPS) {
      return this.#maps[new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) - 1]?.name;
    }
    if (type === BPF_MAP_TYPE.PROG_ARRAY) {
      return this.#programs[new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) - 1]?.name;
    }
    if (!map.isPerCpu) return decodeValue(this.#btf, valueType, bytes);
    const stride = roundUp8(valueSize);
    return Array.from(
      { length: bytes.length / stride },
      (_, cpu) => decodeValue(this.#btf, valueType, bytes.subarray(cpu * stride, cpu * stride + valueSize)),
    );
  }

  /** A record as the reader sees it: by a struct of the listing's, or its bytes. */
  record(map: string, bytes: Uint8Array, type: string | undefined): unknown {
    if (type === undefined) return bytes;
    const id = this.#btf?.types.findIndex((one) => one.name === type && one.kind === "struct") ?? -1;
    if (id < 0) {
      throw new TypeError(
        `records of ${map}: the object's BTF has no struct ${type}; clang writes it once a global variable has the type: ` +
          `\`struct ${type} *unused __attribute__((unused));\``,
      );
    }
    const size = sizeOfType(this.#btf!, id);
    if (bytes.length >= size) return decodeValue(this.#btf, id, bytes);
    throw new TypeError(`records of ${map}: one of ${bytes.length} bytes, and struct ${type} has ${size}`);
  }

  #ownValue(map: KernelMap, value: MapInput): Uint8Array {
    const { valueType, valueSize } = map.def, size = map.userValueBytes;
    if (!map.isPerCpu || (value instanceof Uint8Array && value.length === size)) {
      return encodeValue(this.#btf, valueType, valueSize, value, `value of ${map.name}`);
    }
    const stride = roundUp8(valueSize), cpus = size / stride, bytes = new Uint8Array(size);
    if (!Array.isArray(value) || value.length !== cpus) {
      throw new TypeError(`value of ${map.name}: give an array with a value for each of the ${cpus} CPUs`);
    }
    value.forEach((one, cpu) => {
      bytes.set(
        encodeValue(this.#btf, valueType, valueSize, one as MapInput, `value of ${map.name} on CPU ${cpu}`),
        cpu * stride,
      );
    });
    return bytes;
  }

  /** User space passes an inner map, or a program, as a file descriptor, the models as its id: its index plus one. */
  #id(map: KernelMap, name: string): Uint8Array {
    const program = this.#programs.findIndex((program) => program.name === name);
    const { type } = map.def, isProg = type === BPF_MAP_TYPE.PROG_ARRAY;
    if (!isProg && type !== BPF_MAP_TYPE.ARRAY_OF_MAPS && type !== BPF_MAP_TYPE.HASH_OF_MAPS) {
      throw new TypeError(
        `value of ${map.name}: a text, "${name}", where ${
          map.isPerCpu ? "an array with a value for each CPU" : "a value"
        } is wanted: ${map.name} is ${mapTypeName(type)}, and only maps in maps take the name of a map`,
      );
    }
    if (isProg && program < 0) throw new RangeError(`no program is called ${name}`);
    const id = 1 + (isProg ? program : this.map(name).index);
    return new Uint8Array(new Uint32Array([id]).buffer);
  }
}
