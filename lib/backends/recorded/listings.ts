/** What `deno task record` measured for the listings of the book, found again by the text of the listing. */
import { assetNames, assetText } from "../../host/assets.ts";
import { sha256Hex } from "../../host/hash.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import type { Workload } from "../../workload/workload.ts";
import type { Spread } from "./recorded.ts";

/** One measured run. */
export interface RecordedRun {
  /** File of the listing. */
  readonly file: string;
  /** SHA-256 of its text, in hex: another text is another listing. */
  readonly sha256: string;
  /** Names of the programs that ran, joined by `, `. */
  readonly programs: string;
  readonly cpus: number;
  readonly invocations: number;
  readonly repeats: number;
  readonly discarded: number;
  /** Repeats that ended otherwise than one after another. */
  readonly anomalies: number;
  readonly lost: Spread;
  readonly nsPerOp: Spread;
  readonly overlap: Spread;
  readonly how: string;
}

/** All runs of one machine. */
export interface RecordedListings {
  readonly origin: string;
  readonly machine: "threads" | "linux";
  readonly kernel: string;
  readonly cpu: string;
  readonly cpus: number;
  readonly date: string;
  readonly runs: readonly RecordedRun[];
}

/** The hash that a listing's text is found by. */
export const listingHash = (source: string): string => sha256Hex(source.replaceAll("\r\n", "\n"));

/** Everything recorded for the listings on a kernel; undefined before the first `deno task record`. */
function recordedListings(): RecordedListings | undefined {
  const isThere = assetNames("backends/recorded").includes("listings.json");
  return isThere ? JSON.parse(assetText("backends/recorded/listings.json")) as RecordedListings : undefined;
}

/** The recorded run of this very listing with these programs and CPUs, when there is one. */
export function recordedRun(
  object: BpfObject,
  workload: Workload,
): { readonly kernel: string; readonly date: string; readonly run: RecordedRun } | undefined {
  const recorded = object.source === undefined ? undefined : recordedListings();
  if (!recorded || workload.interrupts?.length || workload.user?.length || workload.prepare) return undefined;
  const names = workload.programs?.map((run) => typeof run === "string" ? run : run.prog) ??
    object.programs.map((program) => program.name);
  const sha256 = listingHash(object.source!), cpus = workload.cpus ?? 2;
  const run = recorded.runs.find((run) =>
    run.sha256 === sha256 && run.programs === names.join(", ") && run.cpus === cpus
  );
  return run && { kernel: recorded.kernel, date: recorded.date, run };
}
