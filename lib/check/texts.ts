/** What findings say: help, chapter, claims. */
import { translated } from "../words/translation.ts";
import type { FindingName } from "./finding.ts";

export const FINDING_TEXTS: Readonly<
  Record<FindingName, { readonly help: string; readonly chapter: string; readonly claims: readonly string[] }>
> = translated({
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
  "read-and-zero": {
    help: "take the number and leave zero in one step: __sync_lock_test_and_set(&x, 0)",
    chapter: "02_atomics",
    claims: ["1.2", "1.10"],
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
  "flock-missing": {
    help: "pass BPF_F_LOCK: the whole value is then copied under its bpf_spin_lock",
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
  "use-after-delete": {
    help:
      "keep the key in the value, and write under its bpf_spin_lock only where it still is the key that was looked up",
    chapter: "05_map_rcu",
    claims: ["4.3", "4.6"],
  },
  "order-without-barrier": {
    help:
      "store with a full barrier (__sync_lock_test_and_set), or publish with a store-release and read with a load-acquire",
    chapter: "08_ordering",
    claims: ["0.3"],
  },
  "lock-order": {
    help: "take the locks in one order everywhere, and go back where bpf_res_spin_lock returns an error",
    chapter: "03_spin_lock",
    claims: ["2.8"],
  },
  "recursion-skip": {
    help: "attach one of them where it has a guard of its own (fentry, raw tracepoint), or count what is missed",
    chapter: "04_percpu",
    claims: ["0.1"],
  },
  "overrun-unobserved": {
    help: "count what finds no room, so that the reader knows that records are missing",
    chapter: "05_map_rcu",
    claims: [],
  },
}, ["help"]);
