/**
 * "Not there, so put it there": two CPUs can both find nothing. The second one's value replaces the first one's, or, with
 * BPF_NOEXIST, is not inserted, and who does not look at the result loses it.
 */
import { BPF_ANY, BPF_NOEXIST } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { type AccessTable, type FollowedProgram, isShared } from "./access_table.ts";
import { readsResult, sidesOf } from "./control.ts";
import { type Candidate, candidate, siteOf } from "./finding.ts";
import type { SeenCall } from "./observe.ts";
import { insertOnce } from "./repairs.ts";
import { doubtOf, readModifyWrites } from "./update_rules.ts";
import { lineOf, type MapDef } from "../object/bpf_object.ts";
import { successorsOf } from "../translate/translate_flow.ts";
import { t } from "../words/translation.ts";

const HASHES: readonly number[] = [BPF_MAP_TYPE.HASH, BPF_MAP_TYPE.LRU_HASH];

export function checkThenActs(table: AccessTable): Candidate[] {
  const counted = countedMaps(table);
  return table.programs.flatMap((program) =>
    program.calls.flatMap((call) => {
      const { map, insn } = call;
      if (call.helper !== "map_update_elem" || !map || !HASHES.includes(map.type)) return [];
      const isIgnored = call.flags === BPF_NOEXIST && ignoresRefusal(program, call);
      if (call.flags !== BPF_ANY && !isIgnored) return [];
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
        candidate("check-then-act", update, [
          siteOf(
            update,
            isIgnored
              ? t`is refused where one was inserted meanwhile`
              : t`inserts, or replaces what was inserted meanwhile`,
          ),
          { ...found, label: t`finds nothing` },
        ], {
          reason: isIgnored
            ? t`two CPUs can both find nothing under the key: the second BPF_NOEXIST gets -EEXIST, nothing looks at it, and what it was to insert is lost`
            : t`two CPUs can both find nothing under the key: the second BPF_ANY replaces what the first one inserted and counted`,
          ...(isIgnored && { help: t`where the insertion fails, look the value up again and change it in place` }),
          repair: insertOnce(table.object, update, lineOf(program.program, lookup.insn)),
          doubt: doubtOf(update),
        }),
      ];
    })
  );
}

/**
 * Whether an insertion that is refused loses a count: nothing reads the result, the value is not all zeros (an empty one
 * loses nothing), and no later look-up finds the other one's element, to add to it.
 */
function ignoresRefusal({ insns, flow, calls }: FollowedProgram, { insn, map }: SeenCall): boolean {
  if (readsResult(insns, insn)) return false;
  const value = flow.calls.get(insn)?.[2].behind.slice(0, Math.ceil(map!.valueSize / 4)) ?? [];
  if (value.every(({ isZero }) => isZero)) return false;
  const later = new Set(successorsOf(insns, insn));
  for (const at of later) for (const next of successorsOf(insns, at)) later.add(next);
  return !calls.some((one) => one.map === map && one.helper === "map_lookup_elem" && later.has(one.insn));
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
export function isOnlyWhereAbsent({ insns, flow }: FollowedProgram, lookup: number, to: number): boolean {
  return absentSides({ insns, flow }, lookup).some((side) => side.has(to));
}

/** What runs only where a look-up, or a reservation, gave NULL: of each test of it. */
export function absentSides({ insns, flow }: Pick<FollowedProgram, "insns" | "flow">, call: number): Set<number>[] {
  return [...flow.compared].flatMap(([at, [left, right]]) => {
    const insn = insns[at], operation = insn.opcode & 0xf0;
    if (!left.lookups.has(call) || left.lookups.size !== 1 || !right.isConstant || insn.imm !== 0) return [];
    if (operation !== JUMP.EQ && operation !== JUMP.NE) return [];
    const [next, target] = sidesOf(insns, at, call);
    return [operation === JUMP.EQ ? target : next];
  });
}

/** Conditional jumps (RFC 9669 section 4.3). */
const JUMP = { EQ: 0x10, NE: 0x50 } as const;
