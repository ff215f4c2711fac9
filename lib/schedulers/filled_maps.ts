/**
 * What user space is taken to have put into maps that programs only look things up in, where the workload does not say
 * (`prepare`): values that are drawn, under the keys that programs look for.
 *
 * Which keys these are shows when the programs run: once and again, since what is found leads to further look-ups.
 */
import { bpf_map_lookup_elem } from "../bpf_helpers/map_helpers.ts";
import { hash32 } from "../bpf_helpers/drawn.ts";
import type { HelperModel } from "../bpf_helpers/kernel.ts";
import { TEXTS } from "../bpf_helpers/kernel_values.ts";
import { addressOf } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";
import { Machine, type MachineOptions } from "../machine/machine.ts";
import { KernelError } from "../maps/errno.ts";
import { FRESH_INNER_MAPS } from "../maps/fresh_inner_maps.ts";
import type { UserApi } from "../maps/user_space.ts";
import { hex, leavesOf, writeLeaf } from "../maps/value_layout.ts";
import type { BpfObject, MapDef } from "../object/bpf_object.ts";
import { BPF_MAP_TYPE as M } from "../uapi/map_types.ts";
import { comparedConstants } from "../workload/compared_constants.ts";
import { type Plan, withoutBuffers } from "../workload/plan.ts";
import { unwrittenMaps } from "../workload/unwritten_maps.ts";
import { runRandom } from "./run_random.ts";

/** Runs of each task that keys are looked for in, steps of all of them, and how often. */
const RUNS = 16, MOST_STEPS = 50_000, ROUNDS = 3;
/** Entries of one map that are filled. */
const MOST_ENTRIES = 16;
const LOOKUP = "bpf_map_lookup_elem";

interface Entry {
  readonly key: Uint8Array;
  /** Undefined for an inner map. */
  readonly value?: Uint8Array;
}
type Entries = ReadonlyMap<number, ReadonlyMap<string, Entry>>;

/**
 * The plan with such maps filled; the plan itself where there is nothing to fill, or the workload has user space do so.
 *
 * @param options what the machine that runs it is made with: its seed draws values
 */
export function withFilledMaps(plan: Plan, { seed = 1, models }: MachineOptions): Plan {
  const { object, programs, workload, tasks } = plan;
  if (workload.prepare || tasks.some(({ kind }) => kind === "user") || models?.[LOOKUP]) return plan;
  const candidates = unwrittenMaps(object, programs);
  if (candidates.length === 0) return plan;
  const draw = new DrawnValues(object, comparedConstants(programs), seed);
  let maps = candidates, entries = initial(object, maps, draw);
  for (let round = 0; round < ROUNDS; round++) {
    const { missed, changed } = tryOut(filled(plan, maps, entries), maps, { seed, models });
    // A program writes them after all.
    if (changed.size > 0) {
      maps = maps.filter((map) => !changed.has(map));
      entries = new Map([...entries].filter(([map]) => !changed.has(map)));
    }
    const grown = withMissed(object, maps, entries, missed, draw);
    if (grown === entries && changed.size === 0) break;
    entries = grown;
  }
  return filled(plan, maps, entries);
}

/** Arrays have all their keys, and inner maps are wanted by CPU or by small numbers. */
function initial(object: BpfObject, maps: readonly number[], draw: DrawnValues): Entries {
  return new Map(maps.map((map) => {
    const { type, maxEntries, keySize } = object.maps[map];
    const most = type === M.ARRAY ? MOST_ENTRIES : type === M.ARRAY_OF_MAPS ? FRESH_INNER_MAPS : 0;
    const keys = Array.from({ length: Math.min(most, maxEntries) }, (_, i) => numberKey(i, keySize));
    return [map, new Map(keys.map((key) => [hex(key), entryOf(object, map, key, draw)]))];
  }));
}

function withMissed(
  object: BpfObject,
  maps: readonly number[],
  entries: Entries,
  missed: ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>,
  draw: DrawnValues,
): Entries {
  let grown = entries;
  for (const map of maps) {
    const most = object.maps[map].inner ? FRESH_INNER_MAPS : Math.min(MOST_ENTRIES, object.maps[map].maxEntries);
    for (const [name, key] of missed.get(map) ?? []) {
      const known = grown.get(map)!;
      // Every other key, so that look-ups go both ways; the first one always: it may be the only one there is.
      if (known.size >= most || (known.size > 0 && draw.chance(map, key))) continue;
      grown = new Map(grown).set(map, new Map(known).set(name, entryOf(object, map, key, draw)));
    }
  }
  return grown;
}

const entryOf = ({ maps }: BpfObject, map: number, key: Uint8Array, draw: DrawnValues): Entry =>
  maps[map].inner ? { key } : { key, value: draw.value(map, key) };

function numberKey(value: number, bytes: number): Uint8Array {
  const key = new Uint8Array(bytes);
  new DataView(key.buffer).setUint32(0, value, true);
  return key;
}

function filled(plan: Plan, maps: readonly number[], entries: Entries): Plan {
  const { object } = plan, used = maps.filter((map) => (entries.get(map)?.size ?? 0) > 0);
  if (used.length === 0) return plan;
  const prepare = function* (user: UserApi): Model<void> {
    for (const map of used) {
      const { name, inner } = object.maps[map];
      for (const { key, value } of entries.get(map)!.values()) {
        try {
          yield* user.update(name, key, inner ? yield* user.createInner(name) : value!);
        } catch (error) {
          // A key that the kernel does not take, such as a prefix that is too long: it stays without a value.
          if (!(error instanceof KernelError)) throw error;
        }
      }
    }
  };
  const names = used.map((map) => inWords(object.maps[map], entries.get(map)!.size));
  return { ...plan, workload: { ...plan.workload, prepare }, filled: names };
}

function inWords({ name, inner, maxEntries }: MapDef, count: number): string {
  const what = inner ? "empty inner map" : "entry", many = inner ? "empty inner maps" : "entries";
  return `${name} (${count === 1 ? `1 ${what}` : `${count} ${many}`}${maxEntries > count ? ` of ${maxEntries}` : ""})`;
}

/** Runs the plan for a while: the keys that look-ups missed, and the maps that are not as user space left them. */
function tryOut(
  plan: Plan,
  maps: readonly number[],
  { seed, models }: MachineOptions,
): { readonly missed: ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>; readonly changed: ReadonlySet<number> } {
  const missed = new Map<number, Map<string, Uint8Array>>(), looked = new Set(maps);
  const watched: HelperModel = function* (kernel, ctx, args) {
    const map = kernel.mapAt(args[0]), model = bpf_map_lookup_elem(kernel, ctx, args);
    const found = typeof model === "bigint" ? model : yield* model;
    if (found !== 0n || !map || !looked.has(map.index)) return found;
    if (kernel.memory.explain(args[1], map.def.keySize, false)) return found;
    const key = kernel.memory.readBytes(addressOf(args[1]), map.def.keySize), known = missed.get(map.index);
    if (known) known.set(hex(key), key);
    else missed.set(map.index, new Map([[hex(key), key]]));
    return found;
  };
  const tasks = plan.tasks.map((task) => ({ ...task, invocations: Math.min(task.invocations, RUNS) }));
  const machine = new Machine({ ...withoutBuffers(plan), tasks }, {
    seed,
    models: { ...models, [LOOKUP]: watched },
    forgets: true,
  });
  const values = () => maps.map((map) => contents(machine, map)), before = values();
  runRandom(machine, seed ?? 1, { steps: MOST_STEPS });
  const after = values();
  return { missed, changed: new Set(maps.filter((_, at) => before[at] !== after[at])) };
}

/** What a map holds, as text; of inner maps which there are. */
function contents({ kernel, memory }: Machine, index: number): string {
  const map = kernel.maps[index], parts: string[] = [];
  for (const { key, addr } of map.entries(memory)) {
    parts.push(`${hex(key)}=${map.def.inner ? "" : hex(memory.readBytes(addr, map.def.valueSize))}`);
  }
  return parts.join();
}

/** Values as user space may set them: numbers are small, or what programs compare something with; texts are names. */
class DrawnValues {
  constructor(readonly object: BpfObject, readonly compared: readonly number[], readonly seed: number) {}

  chance(map: number, key: Uint8Array): boolean {
    return hash32(this.seed, map, ...key) % 2 === 0;
  }

  value(map: number, key: Uint8Array): Uint8Array {
    const { btf, maps } = this.object, { valueType, valueSize } = maps[map], bytes = new Uint8Array(valueSize);
    for (const leaf of leavesOf(btf, valueType, valueSize)) {
      const drawn = hash32(this.seed, map, leaf.offset, ...key);
      if (leaf.size > 8) {
        bytes.set(new TextEncoder().encode(TEXTS[drawn % TEXTS.length]).subarray(0, leaf.size - 1), leaf.offset);
      } else writeLeaf(bytes, leaf, this.#number(drawn, leaf.bits?.size ?? 8 * leaf.size));
    }
    return bytes;
  }

  /** A switch is on more often than off; where it can be more than one, it is. */
  #number(drawn: number, bits: number): bigint {
    const { compared } = this, which = drawn >>> 8;
    const number = drawn % 4 === 0
      ? 0
      : drawn % 4 === 1 && compared.length > 0 && bits > 8
      ? compared[which % compared.length]
      : 1 + (bits > 8 && drawn % 4 === 3 ? which % 8 : 0);
    return BigInt.asUintN(bits, BigInt(number));
  }
}
