/** Orders that the program needs and the machine does not keep: store buffering, and message passing. */
import { BPF_ATOMIC, type Insn, isAtomic, isCall, isHelperCall } from "../isa/insn.ts";
import { helperName } from "../uapi/helpers.ts";
import { type AccessTable, type FollowedProgram, isShared, type TableAccess } from "./access_table.ts";
import { reached, sidesOf } from "./control.ts";
import { type Candidate, candidate, siteOf } from "./finding.ts";
import { acquireLoad, barrierStore } from "./repairs.ts";
import { readModifyWrites, SHARED_MAPS } from "./update_rules.ts";
import { t } from "../words/translation.ts";

/** Helpers that take no lock and order nothing. */
const ORDERS_NOTHING = /^bpf_(map_lookup_elem|ktime_get_\w+|get_\w+|jiffies64|probe_read\w*)$/;

/** Whether what stands before it is in memory before what comes behind it: a locked instruction, a helper with locks. */
const isFence = (insn: Insn): boolean => {
  if (isCall(insn)) return !isHelperCall(insn) || !ORDERS_NOTHING.test(helperName(insn.imm) ?? "");
  return isAtomic(insn) && insn.imm !== BPF_ATOMIC.LOAD_ACQ && insn.imm !== BPF_ATOMIC.STORE_REL;
};

/** Two accesses of one run, the second behind the first with no barrier between them. */
interface Ordered {
  readonly program: FollowedProgram;
  readonly first: TableAccess;
  readonly second: TableAccess;
}

const place = ({ map, field }: TableAccess): string => `${map.name} ${field}`;

/** Accesses of some kinds that are no part of a plain read-modify-write, which is a race of its own. */
function ownAccesses(program: FollowedProgram, kinds: readonly string[]): TableAccess[] {
  const changed = new Set(readModifyWrites(program).flatMap(({ load, store }) => [load.insn, store.insn]));
  return program.accesses.filter((one) =>
    kinds.includes(one.kind) && one.locks.length === 0 && !changed.has(one.insn) &&
    SHARED_MAPS.includes(one.map.type) && isShared(one)
  );
}

function unordered(program: FollowedProgram, kinds: readonly [string, string]): Ordered[] {
  const plain = ownAccesses(program, kinds), seconds = plain.filter(({ kind }) => kind === kinds[1]);
  if (seconds.length === 0) return [];
  return plain.filter(({ kind }) => kind === kinds[0]).flatMap((first) => {
    const behind = reached(program.insns, first.insn, (at) => isFence(program.insns[at]));
    return seconds.filter((second) =>
      second !== first && behind.has(second.insn) && (place(first) !== place(second) || second.spread > 0)
    ).map((second) => ({ program, first, second }));
  });
}

/** Findings of one pair of places are one: the first is told. */
function oncePerPlaces(all: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return all.filter(({ field, map }) => {
    const key = `${map} ${field}`;
    return !seen.has(key) && seen.add(key);
  });
}

const MOST = 8;

/** Each of two CPUs stores to one place and then looks at the other's: with store buffers both see nothing. */
export function storeBuffering({ programs }: AccessTable): Candidate[] {
  const all = programs.flatMap((program) => unordered(program, ["store", "load"]));
  if (all.length === 0) return [];
  // One side that keeps its order does not help the other one.
  const others = [...all, ...programs.flatMap((program) => unordered(program, ["atomic", "load"]))];
  const found = all.flatMap((one, i) =>
    others.slice(i).filter((other) =>
      place(other.first) === place(one.second) && place(other.second) === place(one.first)
    )
      .slice(0, 1).map((other) => {
        const both = [place(one.first), place(one.second)].sort().map((name) => name.slice(name.indexOf(" ") + 1));
        return candidate("order-without-barrier", { map: one.first.map, field: [...new Set(both)].join(", ") }, [
          siteOf(one.first, t`stores to ${one.first.field}`),
          siteOf(one.second, t`then looks at ${one.second.field}`),
          siteOf(other.first, t`stores to ${other.first.field}`),
          siteOf(other.second, t`then looks at ${other.second.field}`),
        ], {
          reason:
            t`each side stores and then looks whether the other one has: the stores wait in their CPUs' buffers, and both can find nothing`,
          repair: joined(
            barrierStore(one.first, "full"),
            other.first.kind === "store" ? barrierStore(other.first, "full") : [],
          ),
          memory: "x86",
        });
      })
  );
  return oncePerPlaces(found).slice(0, MOST);
}

/** Data and then a flag, read as flag and then data: x86 keeps both orders, other machines neither. */
export function messagePassing({ programs }: AccessTable): Candidate[] {
  const writes = programs.flatMap((program) => unordered(program, ["store", "store"]));
  if (writes.length === 0) return [];
  const reads = programs.flatMap((program) =>
    unordered(program, ["load", "load"]).filter(({ first, second }) => isGuardedBy(program, first, second))
  );
  const found = reads.flatMap((read) =>
    writes.filter(({ program, first, second }) =>
      place(first) === place(read.second) && place(second) === place(read.first) &&
      program.flow.stored.get(second.insn)?.isConstant === true && first.insn < second.insn
    ).slice(0, 1).map((write) => {
      const field = `${read.first.field}, ${read.second.field}`;
      return candidate("order-without-barrier", { map: read.first.map, field }, [
        siteOf(read.second, t`reads ${read.second.field}`),
        siteOf(read.first, t`looks at ${read.first.field}`),
        siteOf(write.first, t`writes ${write.first.field}`),
        siteOf(write.second, t`sets ${write.second.field}`),
      ], {
        reason:
          t`${read.first.field} says that ${read.second.field} is there: x86 keeps the order of two stores and of two loads, other machines do not`,
        repair: joined(barrierStore(write.second, "release"), acquireLoad(read.first)),
        memory: "bpf",
      });
    })
  );
  return oncePerPlaces(found).slice(0, MOST);
}

/** Whether a load is made only where a test of the other one's value went one way. */
function isGuardedBy({ flow, insns }: FollowedProgram, flag: TableAccess, data: TableAccess): boolean {
  for (const [jump, [left, right]] of flow.compared) {
    if (!left.loads.has(flag.insn) || !right.isConstant) continue;
    if (sidesOf(insns, jump, flag.insn).some((side) => side.has(data.insn))) return true;
  }
  return false;
}

const joined = <T extends { readonly line: number }>(a: readonly T[] | undefined, b: readonly T[] | undefined) =>
  a && b
    ? [...new Map([...a, ...b].map((one) => [one.line, one])).values()].sort((x, y) => x.line - y.line)
    : undefined;
