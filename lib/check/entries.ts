/** What has to be in maps for a program to come past its look-ups: found by running it and watching what it asks for. */
import { simulate } from "../backends/simulator.ts";
import type { HelperModel } from "../bpf_helpers/kernel.ts";
import { bpf_map_lookup_elem } from "../bpf_helpers/map_helpers.ts";
import { addressOf } from "../cpu/memory.ts";
import { hex, leavesOf, writeLeaf } from "../maps/value_layout.ts";
import type { BpfObject, MapDef } from "../object/bpf_object.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { WitnessWorkload } from "./finding.ts";
import { toWorkload } from "./witness_workload.ts";

type Entries = WitnessWorkload["entries"];

const MOST_ENTRIES = 16;
/** Maps in which an entry has to be put before it can be found. */
const PREPARED: readonly number[] = [BPF_MAP_TYPE.HASH, BPF_MAP_TYPE.LRU_HASH];

/** A workload whose look-ups find something, and what one run of it does. */
export interface ReadyWorkload {
  readonly workload: WitnessWorkload;
  /** Lines that it leaves out, as `prog:line`. */
  readonly neverRun: ReadonlySet<string>;
  /** Variables and maps, by name, that several contexts touched and one of them wrote. */
  readonly shared: ReadonlySet<string>;
}

/** The variable or map that a field is a part of. */
export const baseName = (field: string): string => field.replace(/[.[ ].*$/, "");

/**
 * What the programs look up, run by run: what they ask for is put there, and more may be asked for then.
 *
 * @param asking the programs whose look-ups are to find something
 * @param fill the number in every field of the entries; undefined: there are none
 * @param onFault told why a run ended early
 */
export async function readyWorkload(
  object: BpfObject,
  workload: Omit<WitnessWorkload, "entries">,
  asking: WitnessWorkload["programs"],
  fill: bigint | undefined,
  onFault: (message: string) => void,
): Promise<ReadyWorkload> {
  const asked = new Map<string, { map: MapDef; key: Uint8Array }>();
  const record: HelperModel = function (kernel, ctx, args) {
    const map = kernel.mapAt(args[0])?.def;
    if (map && PREPARED.includes(map.type)) {
      const at = addressOf(args[1]), key = ctx.memory.bytes.slice(at, at + map.keySize);
      asked.set(`${map.name} ${hex(key)}`, { map, key });
    }
    return bpf_map_lookup_elem(kernel, ctx, args);
  };
  const filled = (): Entries =>
    [...asked.values()].map(({ map, key }) => {
      const value = new Uint8Array(map.valueSize);
      for (const leaf of leavesOf(object.btf, map.valueType, map.valueSize)) {
        if ([1, 2, 4, 8].includes(leaf.size)) writeLeaf(value, leaf, fill ?? 0n);
      }
      return { map: map.name, key: hex(key), value: hex(value) };
    });
  const { user: _actors, ...withoutUsers } = workload;
  const run = async (of: WitnessWorkload) => {
    const { models, ...options } = toWorkload(of), own = { ...models, bpf_map_lookup_elem: record };
    const ran = await simulate(object, { ...options, seed: 1, models: own });
    if (ran.fault) onFault(ran.fault.message);
    return ran;
  };
  for (let known = -1; fill !== undefined && asked.size > known && asked.size < MOST_ENTRIES;) {
    known = asked.size;
    await run({ ...withoutUsers, programs: asking, entries: filled() });
  }
  const entries = fill === undefined ? [] : filled(), { coverage } = await run({ ...withoutUsers, entries });
  return {
    workload: { ...workload, entries },
    shared: new Set(coverage.shared?.map(({ name }) => baseName(name))),
    neverRun: new Set(coverage.linesNeverRun.map(({ prog, line }) => `${prog}:${line}`)),
  };
}
