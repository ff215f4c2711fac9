/** What a finding is: a name, the C lines on both sides, why, what to do, and how sure it is. */
import type { LineInfo } from "../object/bpf_object.ts";
import type { TableAccess } from "./access_table.ts";
import { FINDING_TEXTS } from "./texts.ts";

/**
 * The races that are looked for: `lost-update` (a plain read-modify-write), `copy-modify-update` (the same of a whole
 * value), `check-then-act` (an insertion that replaces another one), `lock-not-held`, `torn-group` (fields read half old,
 * half new), `split-atomics` (the same of fields that are each atomic), `per-cpu-reentry` (a CPU's own value, and what
 * comes in between on that CPU).
 */
export type FindingName =
  | "lost-update"
  | "copy-modify-update"
  | "check-then-act"
  | "lock-not-held"
  | "torn-group"
  | "split-atomics"
  | "per-cpu-reentry";

/** One side of a race. */
export interface Site {
  readonly prog: string;
  readonly insn: number;
  readonly line?: LineInfo;
  /** What happens there: `reads`, `writes back`. */
  readonly label: string;
}

/** How the search for a witness ended. */
export type Proof =
  | { readonly state: "confirmed"; readonly witness: RaceWitness }
  | { readonly state: "possible"; readonly why: string };

/** A schedule that shows a race, and the workload that it belongs to. */
export interface RaceWitness {
  readonly schedule: string;
  readonly steps: number;
  /** Options to replay it with, as `simulate` takes them, but for `prepare`. */
  readonly workload: WitnessWorkload;
  /** The workload in words. */
  readonly how: string;
  /** What the schedule does, in the search's words. */
  readonly what: string;
}

export interface WitnessWorkload {
  readonly cpus: number;
  readonly invocations: number;
  readonly programs: readonly {
    readonly prog: string;
    readonly cpus: readonly number[];
    readonly ctx?: readonly number[];
  }[];
  readonly interrupts?: readonly { readonly prog: string; readonly cpu: number; readonly kind?: string }[];
  readonly preempt?: "full";
  /** Entries that are there before it begins: map, key and value in hexadecimal. */
  readonly entries: readonly { readonly map: string; readonly key: string; readonly value: string }[];
  /** Helpers without a model, which gave 0. */
  readonly standIns: readonly string[];
}

/** A change of one line of the listing. */
export interface Repair {
  readonly line: number;
  readonly before: string;
  readonly after: string;
}

/** A race before a witness was looked for. */
export interface Candidate {
  readonly name: FindingName;
  readonly map: string;
  /** C name of what is touched. */
  readonly field: string;
  /** The sides, the one to point at first. */
  readonly sites: readonly Site[];
  /** Why it is wrong, in a sentence. */
  readonly reason: string;
  /** What to do. */
  readonly help: string;
  readonly repair?: Repair;
  /** Chapter of the book, and the claims that it bears on (numbers of the ledger). */
  readonly chapter: string;
  readonly claims: readonly string[];
  /** Why a witness would say nothing: what cannot be told from the object. */
  readonly doubt?: string;
}

/** A race, and whether a schedule was found that shows it. */
export interface RaceFinding extends Candidate {
  readonly proof: Proof;
  /** Why the listing allows it: `// interleave: allow NAME, reason`. */
  readonly allowed?: string;
}

export const siteOf = ({ prog, insn, line }: TableAccess, label: string): Site => ({ prog, insn, line, label });

/** A candidate, with what is the same for all of its name. */
export function candidate(
  name: FindingName,
  { map, field }: Pick<TableAccess, "map" | "field">,
  sites: readonly Site[],
  more: { readonly reason: string; readonly help?: string; readonly repair?: Repair; readonly doubt?: string },
): Candidate {
  const { help, chapter, claims } = FINDING_TEXTS[name];
  return { name, map: map.data?.section ?? map.name, field, sites, help, chapter, claims, ...more };
}

/** Equal for the same race in the same listing, whatever instructions it compiles to; what a baseline holds. */
export function fingerprint({ name, field, sites }: Candidate): string {
  const text = (line?: LineInfo) => line?.text.trim().replace(/\s+/g, " ") ?? "";
  return [name, field, ...sites.map(({ prog, line }) => `${prog}: ${text(line)}`)].join(" | ");
}
