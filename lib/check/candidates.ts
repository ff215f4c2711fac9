/** All rules over one table, each race once. */
import type { AccessTable } from "./access_table.ts";
import { checkThenActs } from "./check_then_act.ts";
import { type Candidate, fingerprint } from "./finding.ts";
import { locksNotHeld, splitAtomics, tornGroups } from "./group_rules.ts";
import { perCpuReentries } from "./per_cpu_rule.ts";
import { copyModifyUpdates, lostUpdates } from "./update_rules.ts";

const RULES: readonly ((table: AccessTable) => Candidate[])[] = [
  lostUpdates,
  copyModifyUpdates,
  checkThenActs,
  locksNotHeld,
  tornGroups,
  splitAtomics,
  perCpuReentries,
];

/** What the rules say of an object, in the order of the listing's lines. */
export function candidatesOf(table: AccessTable): Candidate[] {
  const found = new Map<string, Candidate>(), coveredByLock = new Set<string>();
  for (const one of RULES.flatMap((rule) => rule(table))) {
    const [{ line, prog, insn }] = one.sites;
    // A loop that the compiler unrolled touches one element after another.
    const key = `${one.name} ${one.field.replace(/\[[^\]]*\]/g, "[*]")} ${
      line ? `${line.file}:${line.line}` : `${prog} ${insn}`
    }`;
    const known = found.get(key);
    if (!known) found.set(key, one);
    else if (known.field !== one.field) found.set(key, { ...known, field: one.field.replace(/\[\d+\]/g, "[*]") });
    if (one.name === "lock-not-held") coveredByLock.add(fieldSite(one));
  }
  // A write that forgot the lock is one race, not a lost update besides.
  const all = [...found.values()].filter((one) => one.name !== "lost-update" || !coveredByLock.has(fieldSite(one)));
  const place = ({ sites: [{ line }] }: Candidate) => line?.line ?? 0;
  return all.sort((a, b) => place(a) - place(b) || (fingerprint(a) < fingerprint(b) ? -1 : 1));
}

const fieldSite = ({ field, sites: [{ prog, insn }] }: Candidate): string => `${field} ${prog} ${insn}`;
