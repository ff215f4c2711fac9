/**
 * The memory model of BPF programs: what holds on every machine that the kernel runs on, ARM and POWER too.
 *
 * It is herd7's `herd/libdir/bpf.cat` (Puranjay Mohan, after the Linux kernel memory model, tools/memory-model), rule by
 * rule and with its names. Its commented source is the place to compare with.
 */
import { type Candidate, isBefore, isRead, isWrite } from "./candidate.ts";
import { atomicity, type AxiomaticModel, coherence, type OrderRule } from "./model.ts";
import { Relation } from "./relation.ts";
import type { MemoryEvent } from "./trace.ts";

/** An atomic that gives the old value back, as one event. */
const isFetch = (e: MemoryEvent): boolean => isRead(e) && isWrite(e) && e.ordering === "full";
/** The two halves of a compare-and-exchange that wrote. */
const isExchangeRead = (e: MemoryEvent): boolean => e.partner !== undefined && e.ordering === "full";
const isExchangeWrite = (e: MemoryEvent): boolean => isWrite(e) && !isRead(e) && e.atomic && e.ordering === "full";

const poAmoFetch = ({ skeleton }: Candidate): Relation =>
  skeleton.relation(
    "po_amo_fetch",
    (a, b) => isBefore(a, b) && (isFetch(a) || isFetch(b) || isExchangeRead(b) || isExchangeWrite(a)),
  );

const storeRelease = ({ skeleton }: Candidate): Relation =>
  skeleton.relation("store_release", (a, b) => isBefore(a, b) && b.ordering === "release");

/** Preserved program order: why two accesses of one thread cannot be seen the other way round. */
export const ppoRules: readonly OrderRule[] = [
  {
    name: "po_amo_fetch",
    says: "an atomic that gives the old value back is a full barrier: nothing passes it in either direction",
    of: poAmoFetch,
  },
  {
    name: "load_acquire",
    says: "what comes after a load-acquire stays after it",
    of: ({ skeleton }) => skeleton.relation("load_acquire", (a, b) => isBefore(a, b) && a.ordering === "acquire"),
  },
  {
    name: "store_release",
    says: "what comes before a store-release stays before it",
    of: storeRelease,
  },
  {
    name: "addr_dep",
    says: "an access whose address was computed from a read comes after that read",
    of: ({ skeleton }) => skeleton.addr,
  },
  {
    name: "data_dep",
    says: "a store of what was computed from a read comes after that read",
    of: ({ skeleton }) => skeleton.derived("data_dep", () => skeleton.data.to(skeleton.writes)),
  },
  {
    name: "ctrl_dep",
    says: "a store that a branch on a read decides about comes after that read (a load may still go ahead)",
    of: ({ skeleton }) => skeleton.derived("ctrl_dep", () => skeleton.ctrl.to(skeleton.writes)),
  },
  {
    name: "(addr|data);rfi",
    says:
      "a thread that reads back its own store, whose address or value was computed from a read, does so after that read",
    of: ({ skeleton, rfi }) =>
      skeleton.derived("(addr|data);[W]", () => Relation.union(skeleton.addr, skeleton.data).to(skeleton.writes))
        .then(rfi),
  },
  {
    name: "addr;po",
    says: "a store waits until the address of every earlier access is known",
    of: ({ skeleton }) => skeleton.derived("addr;po", () => skeleton.addr.then(skeleton.po.to(skeleton.writes))),
  },
  {
    name: "coi|fri",
    says: "a store comes after the thread's own earlier accesses to the same place",
    of: ({ coi, fri }) => Relation.union(coi, fri),
  },
];

/** The BPF model of a set of rules; tests leave one out to see that it matters. */
export function bpfModel(rules: readonly OrderRule[] = ppoRules): AxiomaticModel {
  const none = (candidate: Candidate) => new Relation(candidate.skeleton.size);
  const ppo = (candidate: Candidate) =>
    candidate.derived(
      "ppo",
      () => Relation.union(none(candidate), ...rules.map(({ of }) => of(candidate))),
    );

  const ruleNamed = (name: string) => rules.find((rule) => rule.name === name)?.of ?? none;
  const fullBarrier = ruleNamed("po_amo_fetch"), release = ruleNamed("store_release");

  /** What a store-release or a full barrier hands on: also what its thread had only read from another. */
  const aCumul = (candidate: Candidate) =>
    candidate.rfe.optional().then(Relation.union(fullBarrier(candidate), release(candidate)));

  /** A chain of atomics on one place hands on what the first of them was handed. */
  const amoSequence = ({ skeleton, rf }: Candidate) => {
    const both = skeleton.derived("[R & W]", () => {
      const made = new Relation(skeleton.size);
      skeleton.events.forEach((event, i) => isRead(event) && isWrite(event) && made.add(i, i));
      return made;
    });
    return rf.then(Relation.union(both, skeleton.amo)).star();
  };

  /** Propagation: the first event's write reaches every thread before the last event. */
  const prop = (candidate: Candidate) =>
    candidate.derived("prop", () =>
      Relation.union(candidate.coe, candidate.fre).optional()
        .then(aCumul(candidate).then(amoSequence(candidate)).star())
        .then(candidate.rfe.optional()));

  const hb = (candidate: Candidate) =>
    candidate.derived("hb", () => {
      // `int` here holds no event and itself, so `\ id` is in it.
      const inside = prop(candidate).and(candidate.skeleton.int);
      return Relation.union(ppo(candidate), candidate.rfe, inside);
    });

  return {
    name: "bpf",
    title: "the BPF memory model (herd7's bpf.cat)",
    ppo: rules,
    axioms: [
      coherence,
      atomicity,
      {
        name: "Happens-before",
        says: "no effect comes before its cause: preserved program order and reads from other threads make no circle",
        kind: "acyclic",
        of: hb,
      },
      {
        name: "Propagation",
        says: "what went out before a full barrier has reached every thread before what comes after it",
        kind: "acyclic",
        of: (candidate) =>
          candidate.derived("pb", () => prop(candidate).then(fullBarrier(candidate)).then(hb(candidate).star())),
      },
    ],
  };
}
