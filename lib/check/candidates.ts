/** All rules over one table, each race once. */
import type { AccessTable } from "./access_table.ts";
import { checkThenActs } from "./check_then_act.ts";
import { type Candidate, fingerprint } from "./finding.ts";
import { locksNotHeld, splitAtomics, tornGroups } from "./group_rules.ts";
import { perCpuReentries } from "./per_cpu_rule.ts";
import { copyModifyUpdates, lostUpdates } from "./update_rules.ts";
import { skippedRuns, unobservedOverruns, usesAfterDelete } from "./event_rules.ts";
import { lockOrders, updatesPastTheLock, usersDrains, usersPastTheLock } from "./lock_rules.ts";
import { drains, testedNumbers } from "./number_rules.ts";
import { messagePassing, storeBuffering } from "./order_rule.ts";
import { indented } from "./repairs.ts";
import type { UserMapCall } from "./user_part.ts";

const RULES: readonly ((table: AccessTable) => Candidate[])[] = [
  lostUpdates,
  copyModifyUpdates,
  drains,
  checkThenActs,
  testedNumbers,
  locksNotHeld,
  updatesPastTheLock,
  tornGroups,
  splitAtomics,
  perCpuReentries,
  usesAfterDelete,
  storeBuffering,
  messagePassing,
  lockOrders,
  skippedRuns,
  unobservedOverruns,
];

/**
 * What the rules say of an object, in the order of the listing's lines.
 *
 * @param calls what user space does with its maps, where that is known
 */
export function candidatesOf(table: AccessTable, calls: readonly UserMapCall[] = []): Candidate[] {
  const found = new Map<string, Candidate>(), coveredByLock = new Set<string>();
  const all = [
    ...RULES.flatMap((rule) => rule(table)),
    ...usersPastTheLock(table, calls),
    ...usersDrains(table, calls),
  ];
  for (const one of all) {
    const [{ line, prog, insn }] = one.sites;
    // A loop that the compiler unrolled touches one element after another, a pointer one struct or its neighbour.
    const key = `${one.name} ${one.map} ${starred(one.field).replace(/^.*\./, "")} ${
      line ? `${line.file}:${line.line}` : `${prog} ${insn}`
    }`;
    const known = found.get(key);
    if (!known) found.set(key, one);
    else if (starred(known.field) === starred(one.field) && known.field !== one.field) {
      found.set(key, { ...known, field: one.field.replace(/\[\d+\]/g, "[*]") });
    }
    if (one.name === "lock-not-held") coveredByLock.add(fieldSite(one));
  }
  // A write that forgot the lock is one race, not a lost update besides.
  const told = [...found.values()].filter((one) => one.name !== "lost-update" || !coveredByLock.has(fieldSite(one)));
  const place = ({ sites: [{ line }] }: Candidate) => line?.line ?? 0;
  const first = ({ sites }: Candidate) => sites.find(({ line }) => line)?.line;
  const repaired = told.map((one) => {
    const line = first(one), repair = line && indented(table.object, one.repair, line);
    return repair ? { ...one, repair } : one;
  });
  return repaired.sort((a, b) => place(a) - place(b) || (fingerprint(a) < fingerprint(b) ? -1 : 1));
}

const fieldSite = ({ field, sites: [{ prog, insn }] }: Candidate): string => `${field} ${prog} ${insn}`;
const starred = (field: string): string => field.replace(/\[[^\]]*\]/g, "[*]");
