/**
 * Total store order, what x86 promises (Owens, Sarkar and Sewell, 2009; herd7's x86tso.cat): a store may wait in its
 * CPU's buffer while later loads go ahead. Every atomic is a locked instruction and drains the buffer, also one that
 * gives nothing back and a comparison that fails; the JIT makes plain moves of load-acquire and store-release
 * (arch/x86/net/bpf_jit_comp.c, emit_atomic_ld_st).
 */
import { type Candidate, isBefore, isRead, isWrite } from "./candidate.ts";
import { atomicity, type AxiomaticModel, coherence } from "./model.ts";
import { Relation } from "./relation.ts";

const ppo = ({ skeleton }: Candidate): Relation =>
  skeleton.relation(
    "x86 ppo",
    (a, b) => isBefore(a, b) && (a.atomic || b.atomic || isRead(a) || isWrite(b)),
  );

export const x86Model: AxiomaticModel = {
  name: "x86",
  title: "x86's total store order",
  ppo: [{
    name: "ppo",
    says: "all accesses of a thread stay in order but for a store and a later load with no atomic between",
    of: ppo,
  }],
  axioms: [
    coherence,
    atomicity,
    {
      name: "tso",
      says: "one order of all stores, and of loads among them, that every thread agrees on",
      kind: "acyclic",
      of: (candidate) => Relation.union(ppo(candidate), candidate.rfe, candidate.co, candidate.fr),
    },
  ],
};
