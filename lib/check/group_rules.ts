/** Races of fields that belong together: a lock that not all take, values read half old and half new. */
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { type AccessTable, byField, type FollowedProgram, isShared, type TableAccess } from "./access_table.ts";
import type { Flow } from "./data_flow.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { type Candidate, candidate, type Repair, siteOf } from "./finding.ts";
import { OWN_LOCK } from "./observe.ts";
import { lockAround } from "./repairs.ts";
import { doubtOf, readModifyWrites } from "./update_rules.ts";
import { t } from "../words/translation.ts";

/** A field that some write under a lock, and others without it, or under another one. */
export function locksNotHeld(table: AccessTable): Candidate[] {
  return [...byField(table.accesses).values()].flatMap((all) => {
    const accesses = all.filter((one) => one.kind !== "helper" && isShared(one));
    const locked = accesses.filter(({ writes, kind, locks }) => writes && kind === "store" && locks.length > 0);
    const open = accesses.find(({ writes, locks }) => writes && locks.length === 0);
    if (open && isGuarded(locked)) {
      return [
        candidate("lock-not-held", open, [
          siteOf(open, t`writes without the lock`),
          siteOf(locked[0], t`writes under ${locked[0].locks.join(", ")}`),
        ], {
          reason:
            t`${open.field} is written under a lock in one place and without it in another: the lock keeps neither from the other`,
          repair: lockAround(table.object, open, open),
          doubt: doubtOf(open),
        }),
      ];
    }
    const other = locked.find(({ locks }) => !locks.some((lock) => locked[0].locks.includes(lock)));
    if (!other || !isGuarded(locked)) return [];
    return [
      candidate("lock-not-held", other, [
        siteOf(other, t`writes under ${other.locks.join(", ")}`),
        siteOf(locked[0], t`writes under ${locked[0].locks.join(", ")}`),
      ], { reason: t`${other.field} is written under two different locks: neither keeps the other out` }),
    ];
  });
}

/**
 * Whether a lock is meant for a field: its value's own, or another one that several programs hold when they write it. What
 * one program happens to write while it holds a lock may have nothing to do with it.
 */
function isGuarded(locked: readonly TableAccess[]): boolean {
  if (locked.some(({ locks }) => locks.includes(OWN_LOCK))) return true;
  return new Set(locked.map(({ prog }) => prog)).size > 1;
}

const T = BPF_MAP_TYPE;
const VALUES: readonly number[] = [T.ARRAY, T.HASH, T.LRU_HASH, T.CGROUP_STORAGE, T.CGRP_STORAGE];

/** Part of a value: two global variables are no group, two fields of one are. */
function groupOf({ map, field }: TableAccess): string {
  return map.data ? field.replace(/[.[].*$/, "") : map.name;
}
const isOfGroup = (access: TableAccess): boolean =>
  VALUES.includes(access.map.type) && isShared(access) && /[.[]/.test(access.field) && !access.field.endsWith("]");

interface Pair {
  readonly first: TableAccess;
  readonly second: TableAccess;
}

/** Two fields of one value that a program writes with what belongs together. */
function writtenTogether(program: FollowedProgram): Pair[] {
  const alone = new Set(readModifyWrites(program).map(({ store }) => store));
  const stores = program.accesses.filter((one) => one.kind === "store" && isOfGroup(one));
  // What is counted up on its own is no group, unless a lock keeps it together with others.
  const related = stores.filter((store) =>
    (!alone.has(store) || store.locks.length > 0) && !program.flow.stored.get(store.insn)?.isConstant
  );
  return related.flatMap((second) => {
    const first = stores.find((one) =>
      one !== second && groupOf(one) === groupOf(second) && one.field !== second.field &&
      isSameValue(program, one, second) &&
      !program.flow.stored.get(one.insn)?.isConstant
    );
    return first ? [{ first, second }] : [];
  });
}

function isSameValue({ flow }: FollowedProgram, a: TableAccess, b: TableAccess): boolean {
  const [x, y] = [flow.pointers.get(a.insn), flow.pointers.get(b.insn)];
  if (!x || !y) return false;
  return x.lookups.size === 0 ? y.lookups.size === 0 : [...x.lookups].some((one) => y.lookups.has(one));
}

/** Whether a program uses two loads at once: computes or compares with both, or hands both on. */
function usesBoth({ flow }: FollowedProgram, a: number, b: number, handsOn: boolean): boolean {
  const has = (...flows: readonly Flow[]) =>
    flows.some(({ loads }) => loads.has(a)) && flows.some(({ loads }) => loads.has(b));
  for (const value of flow.stored.values()) if (has(value)) return true;
  for (const both of flow.compared.values()) if (has(...both)) return true;
  if (!handsOn) return false;
  for (const args of flow.calls.values()) if (args.some(({ behind }) => has(...behind))) return true;
  return false;
}

/** Two of the fields that a program reads without a lock and uses at once. */
function readTogether(program: FollowedProgram, fields: Pair, handsOn: boolean): Pair | undefined {
  const own = new Set(readModifyWrites(program).map(({ load }) => load));
  const of = (field: TableAccess) =>
    program.accesses.filter((one) =>
      one.kind === "load" && one.locks.length === 0 && !own.has(one) && one.map === field.map &&
      one.field === field.field && isShared(one)
    );
  for (const first of of(fields.first)) {
    for (const second of of(fields.second)) {
      if (isSameValue(program, first, second) && usesBoth(program, first.insn, second.insn, handsOn)) {
        return { first, second };
      }
    }
  }
  return undefined;
}

/** The lock around both groups; those that are under it already stay. */
function bothLocked(object: BpfObject, written: Pair, read: Pair): Repair[] | undefined {
  const pairs = [written, read].filter(({ first }) => first.locks.length === 0);
  const changes = pairs.map(({ first, second }) => lockAround(object, first, second));
  if (changes.some((one) => one === undefined)) return undefined;
  const all = new Map(changes.flatMap((one) => one!).map((one) => [one.line, one]));
  return [...all.values()].sort((a, b) => a.line - b.line);
}

/** Two fields that belong together, where a program reads both: the reader's accesses, then the writer's. */
function pairRead(
  name: "torn-group" | "split-atomics",
  { programs, object }: AccessTable,
  written: Pair,
  does: string,
  handsOn: boolean,
  reason: string,
  doubtOfPair: (read: Pair) => string | undefined,
): Candidate[] {
  const { first, second } = written;
  return programs.flatMap((reader) => {
    const read = readTogether(reader, written, handsOn);
    if (!read) return [];
    return [
      candidate(name, { map: first.map, field: groupOf(first) }, [
        siteOf(read.second, t`reads ${read.second.field}`),
        siteOf(read.first, t`reads ${read.first.field}`),
        siteOf(first, `${does} ${first.field}`),
        siteOf(second, `${does} ${second.field}`),
      ], { reason, repair: bothLocked(object, written, read), doubt: doubtOfPair(read) }),
    ];
  });
}

export function tornGroups(table: AccessTable): Candidate[] {
  return table.programs.flatMap((writer) =>
    writtenTogether(writer).flatMap((written) => {
      const reason =
        t`${written.first.field} and ${written.second.field} are written one after the other: who reads both can get one of before and one of after`;
      const doubt = (read: Pair) => doubtOf(read.first) ?? doubtOf(written.first);
      return pairRead("torn-group", table, written, t`writes`, true, reason, doubt);
    })
  );
}

export function splitAtomics(table: AccessTable): Candidate[] {
  return table.programs.flatMap((writer) => {
    const atomics = writer.accesses.filter((one) => one.kind === "atomic" && one.locks.length === 0 && isOfGroup(one));
    const pairs = atomics.flatMap((first, i) =>
      atomics.slice(i + 1)
        .filter((second) =>
          second.field !== first.field && groupOf(second) === groupOf(first) && isSameValue(writer, first, second)
        )
        .map((second) => ({ first, second }))
    );
    return pairs.flatMap((written) => {
      const reason =
        t`${written.first.field} and ${written.second.field} are each changed atomically, not both at once: who computes with both can see one change without the other`;
      return pairRead("split-atomics", table, written, t`adds to`, false, reason, (read) => doubtOf(read.first));
    });
  });
}
