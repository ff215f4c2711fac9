/** Only what the kernel's verifier would accept is run, unless the reader wants to see what would have gone wrong. */
import type { BpfObject, Program } from "../object/bpf_object.ts";
import { type Verdict, type VerifierWarning, verify } from "../verifier/verify.ts";

/**
 * A program that the verifier refuses; the message has the verifier's words, the C line and what to do.
 *
 * @example
 * ```ts
 * import { bpf, RefusedError, simulate } from "interleave";
 * const pointer = await bpf`int x; SEC("raw_tp") int leak(void *ctx) { return *(int *)(long)x; }`;
 * try {
 *   await simulate(pointer);
 * } catch (error) {
 *   if (!(error instanceof RefusedError) || error.verdict.program !== "leak") throw error;
 * }
 * ```
 */
export class RefusedError extends Error {
  /** Tells it from other errors. */
  override name = "RefusedError";
  /**
   * The refusal of one program.
   *
   * @param verdict what the verifier said of the program
   */
  constructor(readonly verdict: Verdict) {
    super(describe(verdict));
  }
}

const verdicts = new WeakMap<BpfObject, Verdict[]>();

/** What the verifier says of an object's programs; asked once. Of maps alone, which user space can use, nothing. */
export function verdictsOf(object: BpfObject): readonly Verdict[] {
  let known = verdicts.get(object);
  if (!known) verdicts.set(object, known = object.programs.length === 0 ? [] : verify(object));
  return known;
}

/** What the verifier warns of in programs of an object. */
export function warningsOf(object: BpfObject, programs: readonly Program[]): VerifierWarning[] {
  const runs = new Set(programs.map((program) => program.name));
  return verdictsOf(object).flatMap((verdict) => runs.has(verdict.program) ? verdict.warnings : []);
}

/** No such function or tracepoint to be attached to, no such field, no such kernel function. */
const LACKS = /failed to find kernel BTF type ID|failed to resolve CO-RE relocation|not found in kernel or module BTFs/;

/** Whether a program is refused for what this kernel does not have, and others may. */
export const isOfAnotherKernel = ({ verdict, message }: Verdict): boolean =>
  verdict === "reject" && LACKS.test(message);

/** Programs that run although this kernel would not load them for what it lacks, in sentences. */
export function ofOtherKernels(object: BpfObject, programs: readonly Program[]): string[] {
  const runs = new Set(programs.map((program) => program.name));
  return verdictsOf(object).filter((verdict) => runs.has(verdict.program) && isOfAnotherKernel(verdict))
    .map(({ program, message }) =>
      `The 6.18 kernel would not load ${program} (${message.split("\n")[0]}); it runs here as where that is there, ` +
      "with the layout and arguments that the listing has (verify: true, or verify, refuses it)"
    );
}

/**
 * Why programs of an object may not run: the first of them that the kernel would not load, whatever kernel it is; undefined
 * when all may.
 *
 * @param strict whether it has to be known that this kernel loads them
 */
export function refusalOf(
  object: BpfObject,
  programs: readonly Program[],
  strict = true,
): RefusedError | undefined {
  const runs = new Set(programs.map((program) => program.name));
  const refused = verdictsOf(object).find((verdict) =>
    runs.has(verdict.program) &&
    (verdict.verdict === "reject" && (strict || !isOfAnotherKernel(verdict)) ||
      strict && verdict.verdict === "unsupported")
  );
  return refused && new RefusedError(refused);
}

/** Programs of which there is no telling whether the kernel loads them, in sentences that say why. */
export function undecided(object: BpfObject, programs: readonly Program[]): string[] {
  const runs = new Set(programs.map((program) => program.name));
  return verdictsOf(object).filter(({ program, verdict }) => runs.has(program) && verdict === "unsupported")
    .map(({ program, message }) => `There is no telling whether the kernel accepts ${program}: ${message}`);
}

function describe({ program, verdict, errname, message, line, explanation }: Verdict): string {
  const at = line ? `\n  ${line.line}: ${line.text.trim()}` : "";
  const fix = explanation?.fix ? `\n${explanation.fix}` : "";
  if (verdict === "unsupported") {
    return `there is no telling whether the kernel accepts ${program}: ${message}${at}${fix}\n` +
      "verify: false runs it all the same";
  }
  return `the verifier refuses ${program} (${errname}): ${message}${at}${fix}\n` +
    "verify: false runs it all the same, to see what would have gone wrong";
}
