/** Numbers that are tested and then changed, and numbers that are read and then set to zero. */
import { BPF_ATOMIC, type Insn } from "../isa/insn.ts";
import { type AccessTable, byField, type FollowedProgram, isShared, type TableAccess } from "./access_table.ts";
import { reaches, sidesOf } from "./control.ts";
import { type Candidate, candidate, siteOf } from "./finding.ts";
import { exchange } from "./repairs.ts";
import { doubtOf, isSamePlace, readModifyWrites, SHARED_MAPS } from "./update_rules.ts";
import { t, translated } from "../words/translation.ts";

const isOpen = (access: TableAccess): boolean =>
  access.locks.length === 0 && SHARED_MAPS.includes(access.map.type) && isShared(access);

/** Whether two accesses go to the same bytes through one pointer, or to one global variable. */
function isSame({ flow }: FollowedProgram, a: TableAccess, b: TableAccess): boolean {
  if (!isSamePlace(a, b)) return false;
  const x = flow.pointers.get(a.insn)?.lookups, y = flow.pointers.get(b.insn)?.lookups;
  return !!x && !!y && (x.size === 0 ? y.size === 0 : [...x].some((one) => y.has(one)));
}

const exchanges = ({ insns }: FollowedProgram, { insn }: TableAccess): boolean =>
  insns[insn].imm === BPF_ATOMIC.CMPXCHG || insns[insn].imm === BPF_ATOMIC.XCHG;

/** Helpers that do something that others see: after a test that two CPUs pass they do it twice. */
const EFFECTS = ["map_update_elem", "map_push_elem", "ringbuf_output", "ringbuf_submit", "perf_event_output"];

/** `if (x > 0) atomically_decrement(x)`, and `if (!done) { done = 1; count++; }`. */
export function testedNumbers({ programs }: AccessTable): Candidate[] {
  return programs.flatMap((program) => {
    const { accesses, flow, insns } = program, changes = readModifyWrites(program);
    const changed = new Set(changes.map(({ store }) => store.insn));
    const loads = accesses.filter((one) => one.kind === "load" && isOpen(one));
    return [...flow.compared].flatMap(([jump, [left, right]]) =>
      loads.filter(({ insn }) => left.loads.has(insn) || right.loads.has(insn)).flatMap((load) => {
        const sides = sidesOf(insns, jump, load.insn);
        const isOnOneSide = ({ insn }: TableAccess) => sides.some((side) => side.has(insn));
        const step = accesses.find((one) =>
          one.kind === "atomic" && one.insn > jump && !exchanges(program, one) && isOnOneSide(one) &&
          isSame(program, load, one)
        );
        if (step) return [{ ...overstepped(load, step), ...startsWith(insns[jump], step) }];
        const latch = accesses.find((one) =>
          one.kind === "store" && isOpen(one) && isOnOneSide(one) && isSame(program, load, one) &&
          flow.stored.get(one.insn)?.isConstant === true && !changed.has(one.insn)
        );
        const side = latch && sides.find((one) => one.has(latch.insn))!;
        const isDoneTwice = side &&
          (accesses.some((one) =>
            side.has(one.insn) && isShared(one) && (one.kind === "atomic" || changed.has(one.insn))
          ) || program.calls.some(({ insn, helper }) => side.has(insn) && EFFECTS.includes(helper)));
        return latch && isDoneTwice ? [passedTwice(load, latch)] : [];
      })
    );
  });
}

/** Numbers with which a test goes one way and, one further, the other. */
function startsWith({ opcode, imm }: Insn, { map, field, offset, size }: TableAccess): Pick<Candidate, "starts"> {
  const isConstant = (opcode & 8) === 0, numbers = isConstant ? [imm - 1, imm, imm + 1, 1] : [1];
  const place = map.data ? { global: field } : { map: map.name };
  return {
    starts: [...new Set(numbers.filter((one) => one > 0))].map((value) => ({ ...place, offset, size, value })),
  };
}

const texts = translated({
  help: "test and change in one step: __sync_val_compare_and_swap, or both under the value's bpf_spin_lock",
});

const overstepped = (load: TableAccess, step: TableAccess): Candidate =>
  candidate("check-then-act", step, [siteOf(step, t`changes it`), siteOf(load, t`reads it for the test`)], {
    reason: t`${step.field} is tested and then changed: two CPUs can both pass the test, and both change it`,
    help: texts.help,
    doubt: doubtOf(step),
  });

const passedTwice = (load: TableAccess, latch: TableAccess): Candidate =>
  candidate("check-then-act", latch, [siteOf(latch, t`sets it`), siteOf(load, t`reads it for the test`)], {
    reason:
      t`${latch.field} is tested and then set: two CPUs can both find it unset, and both do what is to be done once`,
    help: texts.help,
    doubt: doubtOf(latch),
  });

/** A drain: a number is read and used, and then set to a constant, while others add to it. */
export function drains({ programs, accesses }: AccessTable): Candidate[] {
  const additions = programs.flatMap((program) => [
    ...program.accesses.filter((one) => one.kind === "atomic" && !exchanges(program, one)),
    ...readModifyWrites(program).map(({ store }) => store),
  ]);
  const added = new Map(additions.map((one) => [fieldOf(one), one]));
  const isAdded = (one: TableAccess) => added.has(fieldOf(one));
  return [...byField(accesses).values()].flatMap((all) => {
    const clears = all.filter((one) => one.kind === "store" && isOpen(one) && isAdded(one));
    return clears.flatMap((clear) => {
      const program = programs.find(({ program: { name } }) => name === clear.prog)!, { flow, insns } = program;
      if (!flow.stored.get(clear.insn)?.isConstant) return [];
      const read = program.accesses.find((one) =>
        one.kind === "load" && isOpen(one) && isSame(program, one, clear) && isUsed(program, one) &&
        reaches(insns, one.insn, clear.insn)
      );
      if (!read) return [];
      return [
        candidate("read-and-zero", clear, [
          siteOf(clear, t`leaves a constant`),
          siteOf(read, t`takes the number`),
          siteOf(added.get(fieldOf(clear))!, t`adds to it`),
        ], {
          reason: t`${clear.field} is read and then set to a constant: what another CPU adds in between is lost`,
          repair: exchange(read, clear),
          doubt: doubtOf(clear),
        }),
      ];
    });
  });
}

const fieldOf = ({ map, field }: TableAccess): string => `${map.name} ${field}`;

/** Whether a load's value goes on: it is stored elsewhere, added, or handed to a helper. */
function isUsed({ flow }: FollowedProgram, { insn }: TableAccess): boolean {
  for (const { loads } of flow.stored.values()) if (loads.has(insn)) return true;
  for (const args of flow.calls.values()) {
    if (args.some(({ loads, behind }) => loads.has(insn) || behind.some((one) => one.loads.has(insn)))) return true;
  }
  return false;
}
