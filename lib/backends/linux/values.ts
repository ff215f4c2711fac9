/** Names what the kernel's maps hold, as the simulator names its own. */
import type { BpfObject, MapDef } from "../../object/bpf_object.ts";
import { ALWAYS_SHOWN, formatKey } from "../../maps/map_values.ts";
import { leavesOf, readLeaf } from "../../maps/value_layout.ts";
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
  const keyText = formatKey(key, leavesOf(object.btf, def.keyType, def.keySize));
  slots.forEach((bytes, cpu) => {
    if (def.maxEntries > ALWAYS_SHOWN && bytes.every((byte) => byte === 0)) return;
    const where = `${def.name}[${keyText}]${isPerCpu(def.type) ? `@cpu${cpu}` : ""}`;
    for (const leaf of leavesOf(object.btf, def.valueType, def.valueSize)) {
      values[where + leaf.path] = readLeaf(bytes, leaf);
    }
  });
}
