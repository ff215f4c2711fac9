/** What an axiomatic memory model is: rules that an execution must not break. */
import type { Candidate } from "./candidate.ts";
import { Relation } from "./relation.ts";

export interface Axiom {
  /** Its name in the model's own file. */
  readonly name: string;
  /** In plain words. */
  readonly says: string;
  /** What must have no cycle, or no pair at all. */
  readonly kind: "acyclic" | "empty";
  readonly of: (candidate: Candidate) => Relation;
}

/** A reason for which two accesses of one thread stay in order. */
export interface OrderRule {
  readonly name: string;
  readonly says: string;
  readonly of: (candidate: Candidate) => Relation;
}

/** @internal */
export interface AxiomaticModel {
  readonly name: "sc" | "x86" | "bpf";
  /** As a report says it. */
  readonly title: string;
  readonly axioms: readonly Axiom[];
  /** Preserved program order. */
  readonly ppo: readonly OrderRule[];
}

/** The first axiom that a candidate breaks; undefined where it can be. */
export function brokenAxiom(axioms: readonly Axiom[], candidate: Candidate): Axiom | undefined {
  return axioms.find(({ kind, of }) => {
    const relation = of(candidate);
    return kind === "acyclic" ? !relation.isAcyclic() : !relation.isEmpty();
  });
}

/** The axiom that every model here has. Executions are listed such that it holds for each place by itself. */
export const coherence: Axiom = {
  name: "Coherence",
  says: "the accesses to one place are in one order that every thread agrees on, and its own program order fits it",
  kind: "acyclic",
  of: (candidate) => candidate.derived("coherence", () => Relation.union(candidate.com, candidate.skeleton.poLoc)),
};

/** An atomic's read and write have no other thread's write to the place between them. */
export const atomicity: Axiom = {
  name: "Atomic",
  says: "no other thread writes between what an atomic reads and what it writes",
  kind: "empty",
  of: ({ skeleton, fre, coe }) => skeleton.amo.isEmpty() ? skeleton.amo : skeleton.amo.and(fre.then(coe)),
};
