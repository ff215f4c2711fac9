/** DEVMAP_HASH maps (kernel/bpf/devmap.c): devices by any 32-bit key, which user space puts in. */
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { BPF_EXIST } from "../uapi/flags.ts";
import { errno, KernelError } from "./errno.ts";
import { HashMap } from "./hash.ts";
import type { MapEnvironment } from "./kernel_map.ts";
import { bytesToNumber, numberToBytes } from "./words.ts";

const KEY_BYTES = 4, IFINDEX_BYTES = 4;

export class DevmapHashMap extends HashMap {
  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    if (def.keySize !== KEY_BYTES || (def.valueSize !== 4 && def.valueSize !== 8)) {
      throw new KernelError("EINVAL", `map ${def.name}: keys have 4 bytes, values 4 or 8 (dev_map_alloc_check)`);
    }
    super(def, index, environment);
  }

  /** kernel/bpf/devmap.c:__dev_map_hash_lookup_elem: pointer to the value under an index, 0n where there is none. */
  target(ctx: TaskContext, index: number): Model {
    return this.map_lookup_elem(ctx, { bytes: numberToBytes(BigInt(index), KEY_BYTES) });
  }

  /** By a program: the verifier lets none. */
  override *map_update_elem(): Model {
    return errno("EOPNOTSUPP");
  }

  /** kernel/bpf/devmap.c:__dev_map_hash_update_elem: no device has the index 0. */
  override *bpf_map_update_value(ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    if (flags > BPF_EXIST || bytesToNumber(value.subarray(0, IFINDEX_BYTES)) === 0n) return errno("EINVAL");
    return yield* super.map_update_elem(ctx, { bytes: key }, { bytes: value }, flags);
  }
}
