/**
 * Maps that programs look things up in and none of them writes: user space fills them before it loads the programs, with
 * what it wants of them (filters, settings, policies), or with maps of its own.
 */
import { isAtomic, isCall, isHelperCall, isStore } from "../isa/insn.ts";
import type { BpfObject, MapDef, Program } from "../object/bpf_object.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";
import { BPF_MAP_TYPE as M } from "../uapi/map_types.ts";
import { sharedAccesses } from "./shared_accesses.ts";

/** Types whose entries user space sets and programs find by a key. */
const FILLED: readonly number[] = [M.ARRAY, M.HASH, M.LPM_TRIE, M.ARRAY_OF_MAPS, M.HASH_OF_MAPS];
/** Helpers that are handed a map, or memory in one, and write neither. */
const READERS: readonly number[] = [BPF_FUNC.map_lookup_elem, BPF_FUNC.get_smp_processor_id];

/**
 * Indices of such maps, of those that some programs name.
 *
 * A write that cannot be told from others (through a pointer of a called function, say) is overlooked here: whoever runs
 * the programs looks at the maps again.
 *
 * @param programs those that run
 */
export function unwrittenMaps(object: BpfObject, programs: readonly Program[]): number[] {
  const named = new Set(programs.flatMap((program) => mapsOf(program)));
  const written = new Set(object.programs.flatMap((program) => [...writtenBy(object, program)]));
  return [...named].filter((map) => isFilled(object.maps[map]) && !written.has(map)).sort((a, b) => a - b);
}

const isFilled = ({ type, data, inner, slots = [] }: MapDef): boolean =>
  FILLED.includes(type) && !data && slots.length === 0 &&
  (inner !== undefined && !inner.isGuess || type !== M.ARRAY_OF_MAPS && type !== M.HASH_OF_MAPS);

const mapsOf = ({ relocations }: Program): number[] =>
  relocations.flatMap((one) => one.kind === "map" ? [one.map] : []);

function writtenBy(object: BpfObject, program: Program): Set<number> {
  const written = new Set<number>(), { insns } = program;
  const options = { object, isStable: () => false, isPlainValue: () => true, own: new Set<number>() };
  sharedAccesses(program, options, (at, registers) => {
    if (isHelperCall(insns[at]) && READERS.includes(insns[at].imm)) return;
    for (const one of registers.slice(1, 6)) if (one.is === "map" || one.is === "value") written.add(one.map);
  }).forEach(({ stores, locked }, at) => {
    if (!isStore(insns[at]) && !isAtomic(insns[at]) || isCall(insns[at])) return;
    for (const { map } of [...stores, ...locked]) if (map !== undefined) written.add(map);
  });
  return written;
}
