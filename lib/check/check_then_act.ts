/** "Not there, so put it there": two CPUs can both find nothing, and the second one's value replaces the first one's. */
import { BPF_ANY } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { type AccessTable, type FollowedProgram, isShared } from "./access_table.ts";
import { sidesOf } from "./control.ts";
import { type Candidate, candidate, siteOf } from "./finding.ts";
import { insertOnce } from "./repairs.ts";
import { doubtOf, readModifyWrites } from "./update_rules.ts";
import { lineOf, type MapDef } from "../object/bpf_object.ts";
import { t } from "../words/translation.ts";

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
        candidate("check-then-act", update, [siteOf(update, t`inserts, or replaces what was inserted meanwhile`), {
          ...found,
          label: t`finds nothing`,
        }], {
          reason:
            t`two CPUs can both find nothing under the key: the second BPF_ANY replaces what the first one inserted and counted`,
          repair: insertOnce(table.object, update, lineOf(program.program, lookup.insn)),
          doubt: doubtOf(update),
        }),
      ];
    })
  );
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
