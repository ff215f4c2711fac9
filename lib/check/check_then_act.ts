/** "Not there, so put it there": two CPUs can both find nothing, and the second one's value replaces the first one's. */
import { BPF_ANY } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { isExit } from "../isa/insn.ts";
import { successorsOf } from "../translate/translate_flow.ts";
import { type AccessTable, type FollowedProgram, isShared } from "./access_table.ts";
import { type Candidate, candidate, siteOf } from "./finding.ts";
import { doubtOf, readModifyWrites } from "./update_rules.ts";
import { lineOf, type MapDef } from "../object/bpf_object.ts";

const HASHES: readonly number[] = [BPF_MAP_TYPE.HASH, BPF_MAP_TYPE.LRU_HASH];

export function checkThenActs(table: AccessTable): Candidate[] {
  const counted = countedMaps(table);
  return table.programs.flatMap((program) =>
    program.calls.flatMap((call) => {
      const { map, insn } = call;
      if (call.helper !== "map_update_elem" || call.flags !== BPF_ANY || !map || !HASHES.includes(map.type)) return [];
      // A value that is only ever replaced has nothing to lose: the last one stands, as it would one after another.
      if (!counted.has(map) || !isShared({ map, owner: program.keyOwners.get(insn) ?? "none" })) return [];
      const lookup = program.calls.find((one) =>
        one.helper === "map_lookup_elem" && one.map === map && isOnlyWhereAbsent(program, one.insn, insn)
      );
      const update = program.accesses.find((one) =>
        one.insn === insn && one.helper === "map_update_elem" && one.writes
      );
      if (!lookup || !update) return [];
      const found = { prog: program.program.name, insn: lookup.insn, line: lineOf(program.program, lookup.insn) };
      return [
        candidate("check-then-act", update, [siteOf(update, "inserts, or replaces what was inserted meanwhile"), {
          ...found,
          label: "finds nothing",
        }], {
          reason: `two CPUs can both find nothing under the key: the second BPF_ANY replaces what the first one ` +
            `inserted and counted`,
          repair: noExist(update.line?.text, update.line?.line),
          doubt: doubtOf(update),
        }),
      ];
    })
  );
}

function noExist(text: string | undefined, line: number | undefined) {
  if (!text || !line) return undefined;
  const after = text.includes("BPF_ANY")
    ? text.replace("BPF_ANY", "BPF_NOEXIST")
    : text.replace(/,\s*0\s*\)/, ", BPF_NOEXIST)");
  return after === text ? undefined : { line, before: text, after };
}

/** Maps whose values some program adds to: there the first value's counts can be lost. */
function countedMaps({ programs }: AccessTable): ReadonlySet<MapDef> {
  const maps = programs.flatMap((program) => [
    ...program.accesses.filter(({ kind }) => kind === "atomic"),
    ...readModifyWrites(program).map(({ store }) => store),
  ]);
  return new Set(maps.map(({ map }) => map));
}

/** Whether control comes from a look-up to `to` only where the look-up found nothing. */
function isOnlyWhereAbsent({ insns, flow }: FollowedProgram, lookup: number, to: number): boolean {
  for (const [at, [left, right]] of flow.compared) {
    const insn = insns[at], operation = insn.opcode & 0xf0;
    if (!left.lookups.has(lookup) || left.lookups.size !== 1 || !right.isConstant || insn.imm !== 0) continue;
    if (operation !== 0x10 && operation !== 0x50) continue;
    const [next, target] = successorsOf(insns, at), isEqual = operation === 0x10;
    const [absent, present] = isEqual ? [target, next] : [next, target];
    if (reaches(insns, absent, to, lookup) && !reaches(insns, present, to, lookup)) return true;
  }
  return false;
}

/** Whether control can come from one instruction to another one without passing `barrier`. */
function reaches(insns: FollowedProgram["insns"], from: number, to: number, barrier: number): boolean {
  const seen = new Set([from]);
  for (const at of seen) {
    if (at === to) return true;
    if (at === barrier || isExit(insns[at])) continue;
    for (const next of successorsOf(insns, at)) seen.add(next);
  }
  return false;
}
