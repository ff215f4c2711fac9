/** Names what the kernel's maps hold, as the simulator names its own. */
import type { BpfObject, MapDef } from "../../object/bpf_object.ts";
import { hex, leavesOf, readLeaf } from "../../maps/value_layout.ts";
import type { Values } from "../../report/result.ts";
import type { KernelMap } from "./kernel_object.ts";
import { isPerCpu } from "./map_calls.ts";
import { readMap } from "./map_contents.ts";

/** Every global variable and every map element, by name. */
export function linuxValues(object: BpfObject, maps: readonly KernelMap[], nrCpus: number): Values {
  const values: Values = {};
  for (const def of object.maps) {
    const map = maps.find((map) => map.name === def.name);
    if (!map || def.data?.readonly) continue;
    for (const { key, values: bytes } of readMap(map)) {
      if (def.data) addVariables(values, object, def, bytes[0]);
      else addElement(values, object, def, key, isPerCpu(map.type) ? bytes.slice(0, nrCpus) : bytes);
    }
  }
  return values;
}

function addVariables(values: Values, object: BpfObject, def: MapDef, bytes: Uint8Array): void {
  for (const variable of def.data!.variables) {
    for (const leaf of leavesOf(object.btf, variable.type, variable.size)) {
      values[`${variable.name}${leaf.path}`] = readLeaf(bytes, leaf, variable.offset);
    }
  }
}

function addElement(
  values: Values,
  object: BpfObject,
  def: MapDef,
  key: Uint8Array,
  slots: readonly Uint8Array[],
): void {
  const keyLeaves = leavesOf(object.btf, def.keyType, def.keySize);
  const keyText = keyLeaves.length === 1 ? String(readLeaf(key, keyLeaves[0])) : hex(key);
  slots.forEach((bytes, cpu) => {
    const suffix = slots.length > 1 ? `@cpu${cpu}` : "";
    for (const leaf of leavesOf(object.btf, def.valueType, def.valueSize)) {
      values[`${def.name}[${keyText}]${suffix}${leaf.path}`] = readLeaf(bytes, leaf);
    }
  });
}
