/** What findings say: help, chapter, claims. */
import type { FindingName } from "./finding.ts";

export const FINDING_TEXTS: Readonly<
  Record<FindingName, { readonly help: string; readonly chapter: string; readonly claims: readonly string[] }>
> = {
  "lost-update": {
    help: "add atomically, take the value's bpf_spin_lock around both, or keep one value per CPU",
    chapter: "01_race",
    claims: ["1.1", "1.2"],
  },
  "copy-modify-update": {
    help: "change the value in place, atomically or under its bpf_spin_lock",
    chapter: "05_map_rcu",
    claims: ["4.3", "4.5"],
  },
  "check-then-act": {
    help: "insert with BPF_NOEXIST, then look the value up again and change it in place",
    chapter: "05_map_rcu",
    claims: ["4.3", "4.5"],
  },
  "lock-not-held": {
    help: "take the same bpf_spin_lock around every access to what it protects",
    chapter: "03_spin_lock",
    claims: ["2.2", "2.10"],
  },
  "torn-group": {
    help: "hold the value's bpf_spin_lock around both groups, or replace the value by bpf_map_update_elem",
    chapter: "03_spin_lock",
    claims: ["2.2", "4.4"],
  },
  "split-atomics": {
    help: "hold the value's bpf_spin_lock around both, for the writer and the reader",
    chapter: "02_atomics",
    claims: ["2.2"],
  },
  "per-cpu-reentry": {
    help: "keep the value on the stack, give each program a slot of its own, or hold off what comes in between",
    chapter: "04_percpu",
    claims: ["3.2"],
  },
};
