/** What kernels of several releases said of programs, as `deno task ask-kernels` wrote it down. */
import { assetText } from "../../host/assets.ts";
import { sha256Hex } from "../../host/hash.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { loadObject } from "../../object/load.ts";
import type { KernelRelease } from "../../uapi/releases.ts";

/** The kernel whose verdicts these are, and how it was asked. */
export interface RecordedKernel {
  /** `uname -r`, `-v` and `-m`; Debian's names its package's version in the second. */
  readonly release: string;
  readonly version: string;
  readonly arch: string;
  readonly machine: string;
  readonly libbpf: string;
  /** Which of the kernel functions that the verifier knows (lib/uapi/kfuncs.ts) its BTF has. */
  readonly functions: readonly string[];
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

const DIGITS = 16;

let all: RecordedVerdicts | undefined, byHash: Map<string, Readonly<Record<string, Verdicts>>> | undefined;
/** The hashes of objects that were looked for before. */
const hashes = new WeakMap<BpfObject, string>();

export const recordedVerdicts = (): RecordedVerdicts =>
  all ??= JSON.parse(assetText("verifier/kernel/recorded_verdicts.json"));

/** What an object is found by: any other byte in the file, and nothing is known of it. */
export const objectHash = (bytes: Uint8Array): string => sha256Hex(bytes).slice(0, DIGITS);

/**
 * What a kernel of this release said of a program; undefined where that is not recorded. Recorded are objects as their
 * files have them: those with maps of other sizes, or values for `.kconfig`, are others.
 */
export function recordedVerdict(
  object: BpfObject,
  program: string,
  release: KernelRelease,
): RecordedVerdict | undefined {
  const programs = programsOf(object);
  const verdicts = programs && Object.hasOwn(programs, program) ? programs[program] : undefined;
  return parseVerdict(typeof verdicts === "string" ? verdicts : verdicts?.[release]);
}

/** A verdict as the file has it. */
export function parseVerdict(text: string | undefined): RecordedVerdict | undefined {
  if (text === undefined) return undefined;
  if (text === "") return { verdict: "accept", errno: 0, message: "" };
  const space = text.indexOf(" ");
  return { verdict: "reject", errno: Number(text.slice(0, space)), message: text.slice(space + 1) };
}

function programsOf(object: BpfObject): Readonly<Record<string, Verdicts>> | undefined {
  byHash ??= new Map(recordedVerdicts().objects.map((one) => [one.sha256, one.programs]));
  let hash = hashes.get(object);
  if (hash === undefined) hashes.set(object, hash = objectHash(object.bytes));
  const programs = byHash.get(hash);
  return programs && isAsInFile(object) ? programs : undefined;
}

function isAsInFile({ bytes, name, maps, kconfig }: BpfObject): boolean {
  if (kconfig !== undefined) return false;
  const inFile = loadObject(bytes, name).maps;
  return maps.every((map, at) => map.maxEntries === inFile[at]?.maxEntries);
}
