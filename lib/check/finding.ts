/** What a finding is: a name, the C lines on both sides, why, what to do, and how sure it is. */
import type { LineInfo } from "../object/bpf_object.ts";
import type { TraceStep } from "../report/result.ts";
import type { TableAccess } from "./access_table.ts";
import { FINDING_TEXTS } from "./texts.ts";

/**
 * What is looked for: `lost-update` (a plain read-modify-write), `copy-modify-update` (the same of a whole value),
 * `read-and-zero` (a drain that loses what is added meanwhile), `check-then-act` (an insertion that replaces another one, a
 * test that holds no longer), `lock-not-held`, `flock-missing` (a whole value written or read past its lock), `torn-group`
 * (fields read half old, half new), `split-atomics` (the same of fields that are each atomic), `per-cpu-reentry` (a CPU's own
 * value, and what comes in between on that CPU), `use-after-delete` (an element that another key has by now),
 * `order-without-barrier` (what only store buffers or weaker memory show), `lock-order` (locks taken in two orders),
 * `recursion-skip` (runs that the kernel leaves out and that are not counted), `overrun-unobserved` (records that a full ring
 * or queue drops without a trace; a note, no race).
 */
export type FindingName =
  | "lost-update"
  | "copy-modify-update"
  | "read-and-zero"
  | "check-then-act"
  | "lock-not-held"
  | "flock-missing"
  | "torn-group"
  | "split-atomics"
  | "per-cpu-reentry"
  | "use-after-delete"
  | "order-without-barrier"
  | "lock-order"
  | "recursion-skip"
  | "overrun-unobserved";

/** One side of a race. */
export interface Site {
  /** The program; of user space its actor, as `user reader`. */
  readonly prog: string;
  /** The instruction; -1 of user space. */
  readonly insn: number;
  /** The C line; nothing of user space and where the object has no line info. */
  readonly line?: LineInfo;
  /** What happens there: `reads`, `writes back`. */
  readonly label: string;
}

/** How the search for a witness ended. */
export type Proof =
  | {
    readonly state: "confirmed";
    readonly witness: RaceWitness;
    /** Its steps, for figures; none under a memory model that has executions instead. */
    readonly trace: readonly TraceStep[];
  }
  | { readonly state: "possible"; readonly why: string };

/** A schedule that shows a race, and the workload that it belongs to. */
export interface RaceWitness {
  /** The schedule, as `replay` takes it. */
  readonly schedule: string;
  /** Visible operations of that schedule. */
  readonly steps: number;
  /** Options to replay it with, as `simulate` takes them, but for `prepare`. */
  readonly workload: WitnessWorkload;
  /** The workload in words. */
  readonly how: string;
  /** What the schedule does, in the search's words. */
  readonly what: string;
}

/** @internal */
export interface WitnessWorkload {
  readonly cpus: number;
  readonly invocations: number;
  readonly programs: readonly {
    readonly prog: string;
    readonly cpus: readonly number[];
    readonly ctx?: readonly number[];
    /** Its process, and programs that have to be done before it begins. */
    readonly pid?: number;
    readonly after?: string;
  }[];
  readonly interrupts?: readonly { readonly prog: string; readonly cpu: number; readonly kind?: string }[];
  readonly preempt?: "full";
  /** The packet of each run of a program that sees one, in hexadecimal. */
  readonly packets?: readonly string[];
  /** Memory other than that of x86. */
  readonly memory?: "bpf";
  /** Entries that are there before it begins: map, key and value in hexadecimal. */
  readonly entries: readonly { readonly map: string; readonly key: string; readonly value: string }[];
  /** Global variables that are not zero, or what the object says, when it begins. */
  readonly globals?: Readonly<Record<string, number>>;
  /** User-space actors that take part, by name. */
  readonly user?: readonly string[];
  /** Helpers without a model, which gave 0. */
  readonly standIns: readonly string[];
}

/** A change of one line of the listing: what stands there instead may be no line, or several. */
export interface Repair {
  /** Number of the line, from 1. */
  readonly line: number;
  /** The line as it is. */
  readonly before: string;
  /** What stands there instead: nothing, or lines. */
  readonly after: string;
}

/**
 * A number that is there before: a global variable's, or in a map's only value.
 *
 * @internal
 */
export interface StartsWith {
  readonly global?: string;
  readonly map?: string;
  readonly offset: number;
  readonly size: number;
  readonly value: number;
}

/** A race before a witness was looked for. */
export interface Candidate {
  /** What kind of race it is. */
  readonly name: FindingName;
  /** The map; of a global variable the section that holds it. */
  readonly map: string;
  /** C name of what is touched. */
  readonly field: string;
  /** The sides, the one to point at first. */
  readonly sites: readonly Site[];
  /** Why it is wrong, in a sentence. */
  readonly reason: string;
  /** What to do. */
  readonly help: string;
  /** The change of the listing, by rising lines, where the lines are plain enough to be changed. */
  readonly repair?: readonly Repair[];
  /** Chapter of the book, and the claims that it bears on (numbers of the ledger). */
  readonly chapter: string;
  /** Numbers of those claims. */
  readonly claims: readonly string[];
  /** Why a witness would say nothing: what cannot be told from the object. */
  readonly doubt?: string;
  /** What the tested number may be when a search begins: it has to be such that the test goes both ways. */
  readonly starts?: readonly StartsWith[];
  /** Under which memory a search has to show what sequential consistency does not; without a witness it is no finding. */
  readonly memory?: "x86" | "bpf";
}

/** A race, and whether a schedule was found that shows it. */
export interface RaceFinding extends Candidate {
  /** Whether a schedule shows it. */
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
  more: Pick<Candidate, "reason" | "repair" | "doubt" | "memory"> & { readonly help?: string },
): Candidate {
  const { help, chapter, claims } = FINDING_TEXTS[name];
  return { name, map: map.data?.section ?? map.name, field, sites, help, chapter, claims, ...more };
}

/** What is worth knowing and no race: it makes no check fail. */
export const isNote = ({ name }: Candidate): boolean => name === "overrun-unobserved";

/** Equal for the same race in the same listing, whatever instructions it compiles to; what a baseline holds. */
export function fingerprint({ name, field, sites }: Candidate): string {
  const text = (line?: LineInfo) => line?.text.trim().replace(/\s+/g, " ") ?? "";
  return [name, field, ...sites.map(({ prog, line }) => `${prog}: ${text(line)}`)].join(" | ");
}
