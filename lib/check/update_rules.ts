/** Races between a read and the write that is computed of it: lost updates of a field, and of a whole value. */
import type { BpfObject, MapDef } from "../object/bpf_object.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { type AccessTable, type FollowedProgram, isShared, type TableAccess } from "./access_table.ts";
import { type Candidate, candidate, siteOf } from "./finding.ts";
import { atomicUpdate, mapLine } from "./repairs.ts";
import { t } from "../words/translation.ts";

/** A plain load, and the plain store to the same place of what was computed of it. */
export interface ReadModifyWrite {
  readonly load: TableAccess;
  readonly store: TableAccess;
}

export const isSamePlace = (a: TableAccess, b: TableAccess): boolean =>
  a.map === b.map && a.offset === b.offset && a.size === b.size && a.spread === b.spread;
const overlap = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean => [...a].some((one) => b.has(one));

/** Every plain read-modify-write of a program, under a lock or not. */
export function readModifyWrites({ accesses, flow }: FollowedProgram): ReadModifyWrite[] {
  return accesses.filter(({ kind }) => kind === "store").flatMap((store) => {
    const value = flow.stored.get(store.insn), through = flow.pointers.get(store.insn);
    if (!value || !through) return [];
    const load = accesses.find((one) => {
      if (one.kind !== "load" || !value.loads.has(one.insn) || !isSamePlace(one, store)) return false;
      const from = flow.pointers.get(one.insn)!;
      return from.lookups.size === 0 && through.lookups.size === 0 || overlap(from.lookups, through.lookups);
    });
    return load ? [{ load, store }] : [];
  });
}

/** Maps of which one key's value is shared by CPUs, and that the rules know. */
const T = BPF_MAP_TYPE;
export const SHARED_MAPS: readonly number[] = [
  T.ARRAY,
  T.HASH,
  T.LRU_HASH,
  T.LPM_TRIE,
  T.CGROUP_STORAGE,
  T.CGRP_STORAGE,
];

const isRacy = (access: TableAccess): boolean => SHARED_MAPS.includes(access.map.type) && isShared(access);

/** Whether a key or an index leaves open that two CPUs work on one value. */
export function doubtOf({ owner, map }: Pick<TableAccess, "owner" | "map">): string | undefined {
  if (owner !== "object") return undefined;
  return t`the key into ${map.name} is the address of a kernel object, and whether two CPUs work on one at a time is not known`;
}

export function lostUpdates({ programs }: AccessTable): Candidate[] {
  return programs.flatMap((program) =>
    readModifyWrites(program)
      .filter(({ load, store }) => isRacy(store) && load.locks.length === 0 && store.locks.length === 0)
      .map(({ load, store }) =>
        candidate(
          "lost-update",
          store,
          [siteOf(store, t`writes back what it computed of it`), siteOf(load, t`reads`)],
          {
            reason:
              t`${store.field} is read, changed and written back in steps: what another CPU writes in between is lost`,
            repair: atomicUpdate(store),
            doubt: doubtOf(store),
          },
        )
      )
  );
}

/** A value that is copied to the stack, changed there, and written back whole. */
export function copyModifyUpdates({ object, programs }: AccessTable): Candidate[] {
  return programs.flatMap(({ calls, flow, keyOwners, accesses }) =>
    calls.flatMap((call) => {
      const { map, insn } = call;
      if (call.helper !== "map_update_elem" || !map || !SHARED_MAPS.includes(map.type)) return [];
      const update = accesses.find((one) => one.insn === insn && one.helper === "map_update_elem" && one.writes);
      const value = flow.calls.get(insn)?.[2].behind.slice(0, Math.ceil(map.valueSize / 4)) ?? [];
      const copied = new Set(value.flatMap(({ loads }) => [...loads]));
      const load = accesses.find((one) =>
        one.kind === "load" && one.map === map && copied.has(one.insn) && one.locks.length === 0
      );
      if (!update || !load || !isShared({ map, owner: keyOwners.get(insn) ?? "none" })) return [];
      return [
        candidate("copy-modify-update", update, [
          siteOf(update, t`writes the changed copy back`),
          siteOf(load, t`copies the value`),
        ], {
          reason:
            t`a value of ${map.name} is copied, changed and written back whole: what another CPU writes in between is lost`,
          repair: oneForEachCpu(object, map),
          doubt: doubtOf(update),
        }),
      ];
    })
  );
}

/** A value for each CPU, where that is one word of the listing: the reader adds the values up. */
function oneForEachCpu(object: BpfObject, map: MapDef) {
  const found = mapLine(object, map, /\bBPF_MAP_TYPE_(ARRAY|HASH|LRU_HASH)\b/);
  if (!found) return undefined;
  const after = found.text.replace(/BPF_MAP_TYPE_(LRU_)?(ARRAY|HASH)/, "BPF_MAP_TYPE_$1PERCPU_$2");
  return [{ line: found.line, before: found.text, after }];
}
