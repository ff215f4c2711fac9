/** Asks the running kernel's own verifier. */
import { type BpfObject, defaultPrograms } from "../../object/bpf_object.ts";
import { BackendError } from "../../host/backend_error.ts";
import { whyNot } from "../backend.ts";
import { linuxAvailable } from "./available.ts";
import { errnoName } from "../../uapi/errno.ts";
import { KernelObject, programsToLoad } from "./kernel_object.ts";
import type { LoadOutcome } from "./load_outcome.ts";
import { verifierMessage } from "./verifier_log.ts";

/** The running kernel's verdict on one program. */
export interface KernelVerdict {
  /** Name of the C function. */
  readonly program: string;
  /** The SEC() name. */
  readonly section: string;
  /** Whether the kernel loads it. */
  readonly verdict: "accept" | "reject";
  /** 0, or what bpf(BPF_PROG_LOAD) failed with, and its name. */
  readonly errno: number;
  /** Name of that error number; empty when accepted. */
  readonly errname: string;
  /** The line that says why, registers and all; the empty string when accepted. */
  readonly message: string;
  /** The verifier's log, as the kernel prints it; empty when accepted and not asked for. */
  readonly log: string;
  /** What libbpf said, when it failed before the verifier had spoken. */
  readonly libbpf: string;
}

/** What to ask the running kernel's verifier. */
export interface LinuxVerifyOptions {
  /** Name of the C function; default: every program of the object, up to the first that is refused. */
  readonly program?: string;
  /** 1 or 2 to have the log of an accepted program too. */
  readonly logLevel?: 0 | 1 | 2;
}

/**
 * Loads a program into the running kernel, each in its own section's type, and closes it again; nothing is attached.
 *
 * @param object what `bpf` gave
 * @param options which program, and whether the log of an accepted one is wanted
 * @returns the verdict of the first program that is refused, else of the last one
 * @throws BackendError when this kernel cannot be asked, or the object has no such program
 *
 * @example
 * ```ts
 * import { bpf, linuxVerify } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * try {
 *   if (linuxVerify(racy).verdict !== "accept") throw new Error("the verifier does not mind a race");
 * } catch (error) {
 *   if ((error as Error).name !== "BackendError") throw error; // not root, or not Linux: the message says what is lacking
 * }
 * ```
 */
export function linuxVerify(
  object: Pick<BpfObject, "bytes" | "name"> & Partial<Pick<BpfObject, "maps" | "programs" | "kconfig">>,
  options: LinuxVerifyOptions = {},
): KernelVerdict {
  if (!(object?.bytes instanceof Uint8Array)) throw new BackendError("linuxVerify takes what await bpf`...` gives");
  const availability = linuxAvailable();
  if (!availability.available) {
    throw new BackendError(`the running kernel cannot be asked: ${whyNot(availability)}`);
  }
  let verdict: KernelVerdict | undefined;
  using listing = new KernelObject(object);
  const all = object.programs ? defaultPrograms({ programs: object.programs }) : listing.programs;
  const names = options.program ? [options.program] : all.map((program) => program.name);
  if (names.length === 0) throw new BackendError(`${object.name} holds no program`);
  for (const name of names) {
    const { section } = listing.program(name);
    using opened = new KernelObject(object);
    verdict = verdictOf(name, section, opened.load(programsToLoad(object, [name]), options.logLevel));
    if (verdict.verdict === "reject") break;
  }
  return verdict!;
}

/** What libbpf says of a map that cannot be made, else its first line; it tries again without BTF before it gives up. */
export function libbpfComplaint(messages: string): string | undefined {
  const lines = messages.split("\n");
  return lines.find((line) => /: failed to create/.test(line)) ?? lines[0];
}

/** Turns what loading a program came to into a verdict. */
export function verdictOf(program: string, section: string, outcome: LoadOutcome): KernelVerdict {
  const { errno, log, messages } = outcome;
  const verdict = errno === 0 ? "accept" : "reject";
  const message = errno === 0 ? "" : verifierMessage(log) || libbpfComplaint(messages) || errnoName(errno);
  return {
    program,
    section,
    verdict,
    errno,
    errname: errno === 0 ? "" : errnoName(errno),
    message,
    log,
    libbpf: messages,
  };
}
