/** All rules over one table, each race once. */
import type { BpfObject, Program } from "../object/bpf_object.ts";
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
  const all = [
    ...RULES.flatMap((rule) => rule(table)),
    ...usersPastTheLock(table, calls),
    ...usersDrains(table, calls),
  ];
  // A write that forgot the lock is one race, not a lost update besides.
  const forgotten = new Set(all.filter(({ name }) => name === "lock-not-held").map(fieldSite));
  // kernel/bpf/bpf_iter.c:bpf_seq_read holds the file's lock: a reader's runs come one after another.
  const iterators = new Set(table.programs.map(({ program }) => program).filter(isIterator).map(({ name }) => name));
  const told = onceEach(all).filter((one) =>
    !(one.name === "lost-update" && forgotten.has(fieldSite(one))) &&
    !one.sites.every(({ prog }) => iterators.has(prog))
  );
  const place = ({ sites: [{ line }] }: Candidate) => line?.line ?? 0;
  return told.map((one) => withIndentation(table.object, one))
    .sort((a, b) => place(a) - place(b) || (fingerprint(a) < fingerprint(b) ? -1 : 1));
}

/** Each race of a line once: a loop that the compiler unrolled has many, and a pointer to one of two structs two. */
function onceEach(all: readonly Candidate[]): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const one of all) {
    const [{ line, prog, insn }] = one.sites, where = line ? `${line.file}:${line.line}` : `${prog} ${insn}`;
    const key = `${one.name} ${one.map} ${starred(one.field).replace(/^.*\./, "")} ${where}`, known = found.get(key);
    if (!known) found.set(key, one);
    else if (starred(known.field) === starred(one.field) && known.field !== one.field) {
      found.set(key, { ...known, field: one.field.replace(/\[\d+\]/g, "[*]") });
    }
  }
  return [...found.values()];
}

function withIndentation(object: BpfObject, one: Candidate): Candidate {
  const line = one.sites.find((site) => site.line)?.line, repair = line && indented(object, one.repair, line);
  return repair ? { ...one, repair } : one;
}

const isIterator = ({ section }: Program): boolean => /^\??iter(\.s)?(\/|$)/.test(section);
const fieldSite = ({ field, sites: [{ prog, insn }] }: Candidate): string => `${field} ${prog} ${insn}`;
const starred = (field: string): string => field.replace(/\[[^\]]*\]/g, "[*]");
