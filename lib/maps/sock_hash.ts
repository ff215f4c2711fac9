/** SOCKHASH maps (net/core/sock_map.c): a hash map of sockets, which only user space, or a program that has one, puts in. */
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { errno, KernelError } from "./errno.ts";
import { HashMap } from "./hash.ts";
import type { Found, MapEnvironment } from "./kernel_map.ts";
import type { Source } from "./source.ts";

export class SockHashMap extends HashMap {
  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    if (def.valueSize !== 4 && def.valueSize !== 8) {
      throw new KernelError("EINVAL", `map ${def.name} with values of ${def.valueSize} bytes: they have 4 or 8`);
    }
    super(def, index, environment);
  }

  /** Whether a socket stands under a key: 0n where none does. */
  socketAt(ctx: TaskContext, key: Source): Model {
    return this.map_lookup_elem(ctx, key);
  }

  /** By a program: with a socket, of which the machine has none. */
  override *map_update_elem(): Model {
    return errno("EOPNOTSUPP");
  }

  override *bpf_map_copy_value(): Model<Found> {
    return errno("EOPNOTSUPP");
  }

  override *bpf_map_update_value(ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    return yield* super.map_update_elem(ctx, { bytes: key }, { bytes: value }, flags);
  }
}
