/** Elements that another key has by now, runs that are left out, records for which there was no room. */
import { classOf, type Insn, isAtomic, isCall, isStore } from "../isa/insn.ts";
import { lineOf } from "../object/bpf_object.ts";
import { BPF_EXIST } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { contextsOf } from "../workload/contexts.ts";
import { type AccessTable, type FollowedProgram, isShared } from "./access_table.ts";
import { absentSides } from "./check_then_act.ts";
import { readsResult } from "./control.ts";
import { type Candidate, candidate, siteOf } from "./finding.ts";
import type { SeenCall } from "./observe.ts";
import { countFailure, ownGuard } from "./repairs.ts";
import { doubtOf, readModifyWrites } from "./update_rules.ts";
import { t } from "../words/translation.ts";

const T = BPF_MAP_TYPE;

/**
 * A program writes through a pointer that it looked up, and another CPU may have deleted the element: the next insertion
 * there takes it for its own key (kernel/bpf/hashtab.c:htab_map_delete_elem, alloc_htab_elem).
 */
export function usesAfterDelete({ programs }: AccessTable): Candidate[] {
  const calls = programs.flatMap((program) => program.calls.map((call) => ({ program, call })));
  const of = (helper: string) =>
    calls.filter(({ program, call: one }) =>
      one.helper === helper && (program.keyOwners.get(one.insn) ?? "none") === "none"
    );
  const deletions = of("map_delete_elem"), insertions = of("map_update_elem");
  return programs.flatMap((program) => {
    const writes = program.accesses.filter((one) =>
      one.map.type === T.HASH && one.writes && one.kind !== "helper" && isShared(one) && one.owner === "none"
    );
    return writes.flatMap((write) => {
      const deletion = deletions.find(({ call }) => call.map === write.map);
      const insertion = insertions.find(({ call }) => call.map === write.map);
      if (!deletion || !insertion) return [];
      const site = (one: typeof deletion, label: string) => ({
        prog: one.program.program.name,
        insn: one.call.insn,
        line: lineOf(one.program.program, one.call.insn),
        label,
      });
      return [
        candidate("use-after-delete", { map: write.map, field: write.map.name }, [
          siteOf(write, t`writes through the pointer`),
          site(deletion, t`deletes the element`),
          site(insertion, t`inserts another key into it`),
        ], {
          reason:
            t`the element behind the pointer can be deleted and given to another key of ${write.map.name} before the write: it goes to that key's value`,
          doubt: doubtOf(write),
        }),
      ];
    }).slice(0, 1);
  });
}

/**
 * A perf_event program that counts, and a program with the same guard: where the first strikes the second, the kernel
 * leaves the run out, and counts nowhere that it did (kernel/events/core.c:bpf_overflow_handler).
 */
export function skippedRuns({ programs, object }: AccessTable): Candidate[] {
  const counts = (program: FollowedProgram) => {
    const changed = new Set(readModifyWrites(program).map(({ store }) => store));
    return program.accesses.find((one) => one.kind === "atomic" || changed.has(one));
  };
  return programs.flatMap((over) => {
    const { guard, base } = contextsOf(over.program.section), count = counts(over);
    if (guard !== "bpf_prog_active" || base !== "nmi" || !count) return [];
    const under = programs.find(({ program: { section } }) => {
      const below = contextsOf(section);
      return below.guard === guard && below.base !== "nmi";
    });
    if (!under) return [];
    const { program } = under, first = { prog: program.name, insn: 0, line: lineOf(program, 0) };
    return [
      candidate("recursion-skip", count, [siteOf(count, t`does not run`), {
        ...first,
        label: t`is under way on the CPU`,
      }], {
        reason:
          t`${over.program.name} is left out where it strikes ${program.name}, and nothing counts that it was: ${count.field} stays behind`,
        repair: ownGuard(object, program.section),
      }),
    ];
  });
}

/** Rings and queues: what a call that finds them full does not take is gone. */
const FULL = ["ringbuf_reserve", "ringbuf_output", "map_push_elem"];

export function unobservedOverruns({ programs, object }: AccessTable): Candidate[] {
  const told = new Set<string>();
  return programs.flatMap((program) =>
    program.calls.flatMap((call) => {
      const { helper, map, insn } = call;
      if (!map || !FULL.includes(helper) || told.has(map.name) || isObserved(program, call)) return [];
      told.add(map.name);
      const line = lineOf(program.program, insn), tested = testOf(program, insn);
      return [
        candidate("overrun-unobserved", { map, field: map.name }, [
          { prog: program.program.name, insn, line, label: t`finds no room when the reader is slow` },
        ], {
          reason: t`where ${map.name} is full, the record is dropped and nothing says so`,
          repair: countFailure(object, helper === "ringbuf_reserve" ? tested : line, helper === "ringbuf_reserve"),
          doubt: t`how fast its reader is cannot be told from the object`,
        }),
      ];
    })
  );
}

const testOf = ({ flow, program }: FollowedProgram, call: number) => {
  const jump = [...flow.compared].find(([, [left]]) => left.lookups.has(call))?.[0];
  return jump === undefined ? undefined : lineOf(program, jump);
};

/** Whether anything is done where the call found no room: its result is used, or that path writes or calls something. */
function isObserved(program: FollowedProgram, { helper, insn: call, flags }: SeenCall): boolean {
  const { insns, flow } = program;
  // A push with BPF_EXIST makes room by dropping the oldest: a choice.
  if (helper === "map_push_elem" && (flags === undefined || (flags & BPF_EXIST) !== 0n)) return true;
  if (helper !== "ringbuf_reserve") return readsResult(insns, call);
  const sides = absentSides({ insns, flow }, call);
  return sides.length === 0 ||
    sides.some((side) =>
      [...side].some((at) => isCall(insns[at]) || writesShared(program, at)) ||
      // BPF_PROG_RUN hands the result of a syscall program to its caller.
      contextsOf(program.program.section).sections.includes("syscall") && [...side].some((at) => setsResult(insns[at]))
    );
}

const writesShared = ({ accesses, insns }: FollowedProgram, at: number): boolean =>
  (isStore(insns[at]) || isAtomic(insns[at])) && accesses.some((one) => one.insn === at && one.writes);
const setsResult = (insn: Insn): boolean => insn.dst === 0 && (classOf(insn) & 3) !== 3 && !isCall(insn);
