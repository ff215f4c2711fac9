/** Locks that are there and not used: whole values past their lock, and locks that are taken in two orders. */
import { spinLockOffset } from "../maps/value_layout.ts";
import { lineOf } from "../object/bpf_object.ts";
import { BPF_F_LOCK, BPF_NOEXIST } from "../uapi/flags.ts";
import { type AccessTable, type FollowedProgram, isShared, type TableAccess } from "./access_table.ts";
import { isOnlyWhereAbsent } from "./check_then_act.ts";
import { type Candidate, candidate, type Site, siteOf } from "./finding.ts";
import { OWN_LOCK } from "./observe.ts";
import { otherOrder, updateFlag } from "./repairs.ts";
import type { UserMapCall } from "./user_part.ts";
import { doubtOf, readModifyWrites } from "./update_rules.ts";
import { t } from "../words/translation.ts";

/** What is changed under the lock of a map's values, by the map's name. */
function locked({ programs, object }: AccessTable): Map<string, TableAccess[]> {
  const found = new Map<string, TableAccess[]>();
  for (const { accesses } of programs) {
    for (const one of accesses) {
      const { map, kind, writes, locks } = one;
      const has = object.btf && map.valueType && spinLockOffset(object.btf, map.valueType) !== undefined;
      if (!has || kind !== "store" || !writes || !locks.includes(OWN_LOCK)) continue;
      (found.get(map.name) ?? found.set(map.name, []).get(map.name)!).push(one);
    }
  }
  return found;
}

/** A program that writes a whole value without the lock under which programs change it. */
export function updatesPastTheLock(table: AccessTable): Candidate[] {
  const underLock = locked(table);
  return table.programs.flatMap((program) =>
    program.calls.flatMap(({ helper, map, flags, insn }) => {
      const inside = map && underLock.get(map.name)?.[0];
      if (helper !== "map_update_elem" || !inside || flags === undefined) return [];
      if ((flags & BPF_F_LOCK) !== 0n || flags === BPF_NOEXIST) return [];
      const update = program.accesses.find((one) => one.insn === insn && one.helper === helper && one.writes);
      if (!update || !isShared(update) || isInsertion(program, insn)) return [];
      return [
        candidate("flock-missing", update, [
          siteOf(update, t`writes the whole value without its lock`),
          siteOf(inside, t`writes ${inside.field} under it`),
        ], {
          reason:
            t`${map.name}'s values are changed under their bpf_spin_lock, but this update does not take it: what the holder of the lock writes is overwritten, or half of it`,
          repair: updateFlag(update.line, "BPF_F_LOCK"),
          doubt: doubtOf(update),
        }),
      ];
    })
  );
}

/** What is put there only where nothing was found has no holder of its lock. */
const isInsertion = (program: FollowedProgram, update: number): boolean =>
  program.calls.some(({ helper, insn }) => helper === "map_lookup_elem" && isOnlyWhereAbsent(program, insn, update));

/** User space's calls on values with a lock, without BPF_F_LOCK. */
export function usersPastTheLock(table: AccessTable, calls: readonly UserMapCall[]): Candidate[] {
  const underLock = locked(table);
  return calls.flatMap(({ actor, map, call, flags }) => {
    const inside = underLock.get(map), isWrite = call.startsWith("update");
    if (!inside || (flags & BPF_F_LOCK) !== 0n || flags === BPF_NOEXIST) return [];
    const [first, second] = [inside[0], inside.find(({ field }) => field !== inside[0].field)];
    // One number is read at once, with the lock or without.
    if (!isWrite && !second) return [];
    const user: Site = {
      prog: `user ${actor}`,
      insn: -1,
      label: isWrite ? t`writes ${map} without its lock` : t`reads ${map} without its lock`,
    };
    return [
      candidate("flock-missing", { map: first.map, field: map }, [
        user,
        siteOf(first, t`writes ${first.field} under it`),
        ...(second ? [siteOf(second, t`writes ${second.field} under it`)] : []),
      ], {
        reason: isWrite
          ? t`${map}'s values are changed under their bpf_spin_lock, but user space writes them without BPF_F_LOCK: one of both is lost, or half of it`
          : t`${map}'s values are changed under their bpf_spin_lock, but user space reads them without BPF_F_LOCK: it can get one field of before and one of after`,
      }),
    ];
  });
}

/** User space that takes a number and then writes another one there, while programs add to it. */
export function usersDrains({ programs }: AccessTable, calls: readonly UserMapCall[]): Candidate[] {
  return calls.flatMap(({ actor, map, call }, i) => {
    const isRead = calls.slice(0, i).some((one) =>
      one.actor === actor && one.map === map && /^(lookup|walk)/.test(one.call)
    );
    if (!call.startsWith("update") || !isRead) return [];
    for (const program of programs) {
      const changed = new Set(readModifyWrites(program).map(({ store }) => store));
      const count = program.accesses.find((one) => one.map.name === map && (one.kind === "atomic" || changed.has(one)));
      if (!count) continue;
      return [
        candidate("read-and-zero", { map: count.map, field: map }, [
          { prog: `user ${actor}`, insn: -1, label: t`reads ${map}, then writes it` },
          siteOf(count, "counts"),
        ], {
          reason: t`user space reads ${map} and then writes it: what a program counts in between is lost`,
          help:
            t`take the value with bpf_map_lookup_and_delete_elem, swap the map, or never set it back and work with differences`,
        }),
      ];
    }
    return [];
  });
}

/**
 * Two locks taken in one order here and in the other there. A program holds one bpf_spin_lock at a time
 * (kernel/bpf/verifier.c:process_spin_lock); bpf_res_spin_lock nests, and who would wait for ever gets an error number
 * (kernel/bpf/rqspinlock.c:check_deadlock_ABBA).
 */
export function lockOrders({ programs }: AccessTable): Candidate[] {
  const nested = programs.flatMap((program) =>
    program.lockings.flatMap((one) =>
      one.held.map((outer) => {
        const { program: of } = program,
          site: Site = {
            prog: program.program.name,
            insn: one.insn,
            line: lineOf(program.program, one.insn),
            label: t`takes ${one.lock} while it holds ${outer}`,
          };
        return { map: one.map, outer, inner: one.lock, site, of };
      })
    )
  );
  return nested.flatMap((one, i) =>
    nested.slice(i).filter((other) => other.outer === one.inner && other.inner === one.outer).flatMap((other) => {
      const isOneField = one.outer === one.inner;
      if (isOneField !== (one === other)) return [];
      return [
        candidate("lock-order", { map: one.map, field: one.inner }, isOneField ? [one.site] : [one.site, other.site], {
          reason: isOneField
            ? t`two locks of ${one.inner} are held at once, and nothing says which comes first: two CPUs can take them crosswise, and one of them gets an error`
            : t`${one.outer} and ${one.inner} are taken in both orders: two CPUs can each hold one and want the other, and one of them gets an error`,
          repair: isOneField ? undefined : otherOrder(other.of),
        }),
      ];
    })
  );
}
