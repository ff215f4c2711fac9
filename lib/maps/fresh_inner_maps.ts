/** Inner maps that user space makes while programs run, to swap them in empty. */
import type { Memory } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { KernelMap } from "./kernel_map.ts";

/** How many each map in map may get; their memory is taken before the run. */
export const FRESH_INNER_MAPS = 4;

/** Where an outer map counts the inner maps that user space has made of its spares. */
export class FreshInnerMaps {
  /** @param counter linear address of a 32-bit word */
  constructor(readonly outer: KernelMap, readonly counter: number, readonly maps: readonly KernelMap[]) {}

  created(memory: Memory): readonly KernelMap[] {
    return this.maps.slice(0, memory.getU32(this.counter));
  }
}

/** Definition of the n-th spare inner map of an outer one. */
export const freshInnerDef = (outer: MapDef, n: number): MapDef => ({
  ...outer.inner!,
  name: `${outer.name}#${n + 1}`,
});

/** BPF_MAP_CREATE with the outer map's inner shape; undefined when the spares are used up. */
export function* createInner(outer: KernelMap): Model<KernelMap | undefined> {
  const fresh = outer.freshInnerMaps;
  if (!fresh) throw new RangeError(`map ${outer.name} is no map in map whose inner maps the listing describes`);
  const n = yield {
    kind: "private",
    label: "map_create",
    run: (memory) => {
      const created = memory.getU32(fresh.counter);
      if (created < fresh.maps.length) memory.setU32(fresh.counter, created + 1);
      return BigInt(created);
    },
  };
  return fresh.maps[Number(n)];
}
