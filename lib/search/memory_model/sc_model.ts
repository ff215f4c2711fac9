/** Sequential consistency (Lamport, 1979): one order of all accesses that keeps every thread's own (herd7's sc.cat). */
import type { Candidate } from "./candidate.ts";
import { atomicity, type AxiomaticModel, coherence } from "./model.ts";
import { Relation } from "./relation.ts";

const programOrder = ({ skeleton }: Candidate): Relation => skeleton.po;

export const scModel: AxiomaticModel = {
  name: "sc",
  title: "sequential consistency (an idealisation: no machine of today keeps it)",
  ppo: [{ name: "po", says: "all accesses of a thread stay in program order", of: programOrder }],
  axioms: [
    coherence,
    atomicity,
    {
      name: "sc",
      says: "one order of all accesses fits every thread's program order, and every read sees the latest write",
      kind: "acyclic",
      of: ({ skeleton, com }) => Relation.union(skeleton.po, com),
    },
  ],
};
