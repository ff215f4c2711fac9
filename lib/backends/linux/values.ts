/** Names what the kernel's maps hold, as the simulator names its own. */
import type { BpfObject } from "../../object/bpf_object.ts";
import { formatKey, isSparse, keyLeavesOf } from "../../maps/map_values.ts";
import { leavesOf, readLeaf } from "../../maps/value_layout.ts";
import type { Values } from "../../report/result.ts";
import { hasSlots, type KernelMaps, type NamedMap } from "./kernel_maps.ts";
import { isPerCpu } from "./map_calls.ts";
import type { KernelPerfBuffer } from "./kernel_perf_buffer.ts";
import type { KernelRing } from "./kernel_ring.ts";
import { readMap } from "./map_contents.ts";

/**
 * Every global variable and every map element, by name.
 *
 * @param cpus this computer's number of each CPU of the workload: whose slots of per-CPU maps to show
 */
export function linuxValues(object: BpfObject, maps: KernelMaps, cpus: readonly number[]): Values {
  const values: Values = {};
  for (const map of maps.all) {
    if (map.def.data) {
      if (!map.def.data.readonly) addVariables(values, object, map);
    } else addElements(values, object, maps, map, cpus);
  }
  return values;
}

function addVariables(values: Values, object: BpfObject, map: NamedMap): void {
  for (const { values: [bytes] } of readMap(map)) {
    for (const variable of map.def.data!.variables) {
      for (const leaf of leavesOf(object.btf, variable.type, variable.size)) {
        values[`${variable.name}${leaf.path}`] = readLeaf(bytes, leaf, variable.offset);
      }
    }
  }
}

function addElements(
  values: Values,
  object: BpfObject,
  maps: KernelMaps,
  map: NamedMap,
  cpus: readonly number[],
): void {
  const { def } = map, perCpu = isPerCpu(map.type);
  const ring = maps.ring(map);
  if (ring) return addRecords(values, map.name, ring);
  const perf = maps.perfBuffer(map);
  if (perf) return addPerfRecords(values, map.name, perf, cpus);
  const keyLeaves = keyLeavesOf(object.btf, def);
  const valueLeaves = leavesOf(object.btf, def.valueType, def.valueSize);
  const sparse = isSparse({ ...def, type: map.type });
  for (const { key, values: slots } of readMap(map)) {
    (perCpu ? cpus.map((cpu) => slots[cpu]) : slots).forEach((bytes, cpu) => {
      if (sparse && bytes.every((byte) => byte === 0)) return;
      const where = `${def.name}[${formatKey(key, keyLeaves)}]${perCpu ? `@cpu${cpu}` : ""}`;
      for (const leaf of valueLeaves) {
        values[where + leaf.path] = hasSlots(map) ? maps.nameInSlot(map, bytes) : readLeaf(bytes, leaf);
      }
    });
  }
}

function addRecords(values: Values, name: string, ring: KernelRing): void {
  values[`${name}.producer_pos`] = ring.producerPos;
  values[`${name}.consumer_pos`] = ring.consumerPos;
  ring.records().forEach((bytes, i) => {
    values[`${name}[${i}]`] = readLeaf(bytes, { path: "", offset: 0, size: bytes.length, signed: false });
  });
}

function addPerfRecords(values: Values, name: string, buffer: KernelPerfBuffer, cpus: readonly number[]): void {
  const numbers = new Map<number, number>();
  for (const record of buffer.waiting()) {
    const cpu = cpus.indexOf(record.cpu), number = numbers.get(cpu) ?? 0;
    numbers.set(cpu, number + 1);
    if ("lost" in record) values[`${name}[${number}].lost@cpu${cpu}`] = record.lost;
    else {
      const leaf = { path: "", offset: 0, size: record.data.length, signed: false };
      values[`${name}[${number}]@cpu${cpu}`] = readLeaf(record.data, leaf);
    }
  }
}
