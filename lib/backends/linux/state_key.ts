/** What tells final states of the kernel's maps apart, as maps/state_key.ts does for the simulator's. */
import { Fingerprint } from "../../maps/state_key.ts";
import { hasSlots, type KernelMaps, type NamedMap } from "./kernel_maps.ts";
import { isPerCpu } from "./map_calls.ts";
import { readMap } from "./map_contents.ts";

/**
 * Everything that programs and user space share, as text: equal texts are equal states. Ids of inner maps that user
 * space made are new in every run, so those count by the order in which slots lead to them.
 *
 * @param cpus this computer's number of each CPU of the workload: whose slots of per-CPU maps count
 */
export function linuxStateKey(maps: KernelMaps, cpus: readonly number[]): string {
  const all = maps.all, fresh = all.filter((map) => maps.isFresh(map)), met: NamedMap[] = [];
  const numberOf = (id: number): number => {
    const map = fresh.find((map) => map.id === id);
    if (!map) return id;
    if (!met.includes(map)) met.push(map);
    return -1 - met.indexOf(map);
  };
  const write = (map: NamedMap, into: Fingerprint) => {
    if (map.def.data?.readonly) return;
    for (const record of maps.perfBuffer(map)?.waiting() ?? []) {
      into.word(record.cpu);
      const bytes = "data" in record ? record.data : new Uint8Array(new BigUint64Array([record.lost]).buffer);
      into.word("data" in record ? bytes.length : -1);
      into.bytes(bytes, 0, bytes.length);
    }
    const ring = maps.ring(map);
    for (const position of ring ? [ring.producerPos, ring.consumerPos] : []) into.word(Number(position & 0xffff_ffffn));
    for (const bytes of ring?.records() ?? []) {
      into.word(bytes.length);
      into.bytes(bytes, 0, bytes.length);
    }
    const perCpu = isPerCpu(map.type);
    const elements = readMap(map).sort((a, b) => compareBytes(a.key, b.key));
    for (const { key, values } of elements) {
      for (const bytes of perCpu ? cpus.map((cpu) => values[cpu]) : values) {
        into.word(-1);
        into.bytes(key, 0, key.length);
        if (hasSlots(map)) into.word(numberOf(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)));
        else into.bytes(bytes, 0, bytes.length);
      }
    }
    into.word(elements.length);
  };
  const whole = new Fingerprint();
  for (const map of all) if (!fresh.includes(map)) write(map, whole);
  for (let i = 0; i < met.length; i++) write(met[i], whole);
  const alone = fresh.filter((map) => !met.includes(map)).map((map) => {
    const one = new Fingerprint();
    write(map, one);
    return one.text();
  });
  return [whole.text(), ...alone.sort()].join(" ");
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}
