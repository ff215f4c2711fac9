/** A map of a type without a model: it is there, so that programs hold its pointer; whoever calls it has come to a gap. */
import { mapTypeName } from "../uapi/map_types.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { KernelMap, type MapEntry, type MapEnvironment } from "./kernel_map.ts";

/** An operation on a map whose type has no model; the message names the map and its type. */
export class UnsupportedMap extends Error {
  override name = "UnsupportedMap";
}

export class UnmodelledMap extends KernelMap {
  constructor(readonly given: MapDef, index: number, environment: MapEnvironment) {
    // Types such as RINGBUF and PERF_EVENT_ARRAY have no entries of their own; what is never used needs no size.
    super(
      { ...given, maxEntries: 1, valueSize: 0, keySize: 0, keyType: undefined, valueType: undefined },
      index,
      environment,
    );
  }

  initialize(): void {}
  map_lookup_elem(): never {
    return this.#refuse();
  }
  map_update_elem(): never {
    return this.#refuse();
  }
  map_delete_elem(): never {
    return this.#refuse();
  }
  map_get_next_key(): never {
    return this.#refuse();
  }
  override map_lookup_percpu_elem(): never {
    return this.#refuse();
  }
  override map_for_each_callback(): never {
    return this.#refuse();
  }
  bpf_map_copy_value(): never {
    return this.#refuse();
  }
  entries(): Iterable<MapEntry> {
    return [];
  }

  #refuse(): never {
    throw new UnsupportedMap(`map ${this.name} (${mapTypeName(this.given.type)})`);
  }
}
