/** What kernels of several releases said of programs, as `deno task record-kernels` wrote it down. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { BpfObject } from "../../object/bpf_object.ts";

/** Releases that verdicts are recorded of, the oldest first. */
export const RELEASES = ["6.1", "6.12", "6.18"] as const;
export type KernelRelease = (typeof RELEASES)[number];

/** The kernel whose verdicts these are, and how it was asked. */
export interface RecordedKernel {
  /** `uname -r`, `-v` and `-m`; Debian's names its package's version in the second. */
  readonly release: string;
  readonly version: string;
  readonly arch: string;
  readonly machine: string;
  readonly libbpf: string;
  readonly date: string;
}

/** Verdicts on one program: the same of all releases, or by release where one differs or is missing. */
type Verdicts = string | { readonly [release in KernelRelease]?: string };

export interface RecordedVerdicts {
  readonly origin: string;
  readonly kernels: { readonly [release in KernelRelease]?: RecordedKernel };
  readonly objects: readonly {
    readonly name: string;
    /** The first digits of the object file's SHA-256. */
    readonly sha256: string;
    /** By C function: empty where accepted, else the errno, a space and the message. */
    readonly programs: Readonly<Record<string, Verdicts>>;
  }[];
}

/** A kernel's verdict on one program. */
export interface RecordedVerdict {
  readonly verdict: "accept" | "reject";
  readonly errno: number;
  readonly message: string;
}

export const RECORDED_PATH = new URL("./recorded_verdicts.json", import.meta.url);
const DIGITS = 16;

let all: RecordedVerdicts | undefined, byHash: Map<string, RecordedVerdicts["objects"][number]> | undefined;

export const recordedVerdicts = (): RecordedVerdicts => all ??= JSON.parse(readFileSync(RECORDED_PATH, "utf8"));

/** What an object is found by: any other byte in the file, and nothing is known of it. */
export const objectHash = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex").slice(0, DIGITS);

/** What a kernel of this release said of a program; undefined where that is not recorded. */
export function recordedVerdict(
  { bytes }: Pick<BpfObject, "bytes">,
  program: string,
  release: KernelRelease,
): RecordedVerdict | undefined {
  byHash ??= new Map(recordedVerdicts().objects.map((object) => [object.sha256, object]));
  const verdicts = byHash.get(objectHash(bytes))?.programs[program];
  const text = typeof verdicts === "string" ? verdicts : verdicts?.[release];
  if (text === undefined) return undefined;
  if (text === "") return { verdict: "accept", errno: 0, message: "" };
  const space = text.indexOf(" ");
  return { verdict: "reject", errno: Number(text.slice(0, space)), message: text.slice(space + 1) };
}
