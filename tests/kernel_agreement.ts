/** What the running kernel says beside what Interleave says, and from which kernels on a difference is a failure. */
import { release } from "node:os";
import process from "node:process";
import { inspect } from "node:util";
import { BackendError } from "../lib/host/backend_error.ts";
import { errnoName } from "../lib/uapi/errno.ts";
import { RefusedByKernel } from "../lib/backends/linux/session.ts";
import { libbpfLacks, whyNotAsked } from "./kernel_lacks.ts";
import { comparable } from "./verifier/message_comparison.ts";

/** The kernel that the verifier and the models follow: any build of it is held to them, no other release is. */
const REFERENCE = /^6\.18(?!\d)/;
/** Shares, on the reference, of answers with our verdict, and of programs that got an answer at all. */
const LEAST_AGREEING = 0.97, LEAST_ANSWERED = 0.5;
/** Characters of a value in the table. */
const LONGEST_VALUE = 300;

/** The release that differences are judged by; `INTERLEAVE_KERNEL_RELEASE` stands in for that of the running kernel. */
export const kernelRelease = (): string => process.env.INTERLEAVE_KERNEL_RELEASE || release();

/** A verdict of either verifier; `unsupported` is only ever ours. */
export interface Verdict {
  readonly verdict: "accept" | "reject" | "unsupported";
  /** 0, or a positive errno. */
  readonly errno: number;
  readonly message: string;
}

/** The kernel's verdict, with the log that tells the verifier's answer from that of the system call. */
export interface KernelAnswer extends Verdict {
  readonly verdict: "accept" | "reject";
  readonly log: string;
  /** What libbpf said when it failed before the verifier. */
  readonly libbpf?: string;
}

type Kind = "same" | "other message" | "other verdict" | "other value" | "could not be asked" | "not supported here";

interface Row {
  readonly what: string;
  readonly kind: Kind;
  readonly ours: string;
  readonly kernel: string;
}

/** Comparisons of one test file with the running kernel. */
export class KernelAgreement {
  readonly #rows: Row[] = [];
  readonly #isReference: boolean;

  /** @param subject what is compared, as the table's title; @param kernel a release as `uname -r` prints it */
  constructor(
    readonly subject: string,
    readonly kernel: string = kernelRelease(),
    readonly log: (table: string) => void = console.log,
  ) {
    this.#isReference = REFERENCE.test(kernel);
  }

  /**
   * Compares a verdict, and gives the kernel's.
   *
   * @param ask gives the kernel's answer; its BackendError (libbpf cannot open the object) says that an older or newer
   * kernel could not be asked, and is an error on the reference
   */
  verdict(what: string, ours: Verdict, ask: () => KernelAnswer): KernelAnswer["verdict"] | undefined {
    let kernel: KernelAnswer;
    try {
      kernel = ask();
    } catch (error) {
      this.#couldNotBeAsked(what, error);
      return undefined;
    }
    const lack = whyNotAsked(ours, kernel, this.#isReference);
    if (ours.verdict === "unsupported") this.#add(what, "not supported here", said(ours), said(kernel));
    else if (lack) this.#add(what, "could not be asked", said(ours), lack);
    else this.#add(what, kindOf(ours, kernel), said(ours), said(kernel));
    return lack ? undefined : kernel.verdict;
  }

  /** Compares two texts of the same thing, such as an instruction in the verifier's log; counted like a verdict. */
  text(what: string, ours: string, kernel: string): void {
    this.#add(what, ours === kernel ? "same" : "other verdict", ours, kernel);
  }

  /**
   * Work that needs the kernel to run a listing: that an older or newer one cannot load it goes into the table. Whatever
   * else the work throws is thrown on every kernel.
   */
  async whereItLoads(what: string, work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#couldNotBeAsked(what, error);
    }
  }

  /** Work that expects values of the kernel: on the reference it throws, on others what it throws goes into the table. */
  async values(what: string, work: () => unknown): Promise<void> {
    try {
      await work();
      this.#add(what, "same", "", "");
    } catch (error) {
      if (this.#isReference || error instanceof BackendError) this.#couldNotBeAsked(what, error);
      else this.#add(what, "other value", ...valuesOf(error));
    }
  }

  /** Prints what differs, if anything does. */
  print(): void {
    if (this.#rows.some(({ kind }) => kind !== "same")) this.log(this.toString());
  }

  /**
   * Prints what differs and judges verdicts and texts.
   *
   * @throws Error with the table, on the reference only: too few agree, or too few could be asked
   */
  judge(): void {
    const { asked, agreeing } = this.#counts();
    const fails = agreeing < LEAST_AGREEING * asked
      ? `fewer than ${percent(LEAST_AGREEING)} agree`
      : asked < LEAST_ANSWERED * this.#rows.length
      ? `fewer than ${percent(LEAST_ANSWERED)} could be asked`
      : asked === 0
      ? "nothing was compared"
      : undefined;
    if (this.#isReference && fails) throw new Error(`${fails}\n${this}`);
    this.print();
  }

  toString(): string {
    const { asked, agreeing, sameMessage } = this.#counts();
    const differing = this.#rows.filter(({ kind }) => kind !== "same");
    const judged = this.#isReference ? "held to 6.18's" : "not 6.18, so printed and not judged";
    const lines = [
      `${this.subject} on kernel ${this.kernel} (${judged}): ${asked} compared, ${agreeing} agree ` +
      `(${percent(agreeing / (asked || 1))}), ${sameMessage} to the word; ${this.#rows.length - asked} not asked`,
    ];
    for (const { what, kind, ours, kernel } of differing) {
      lines.push(`  ${kind.padEnd(18)}  ${what}`, `    Interleave  ${ours}`, `    kernel      ${kernel}`);
    }
    return lines.join("\n");
  }

  #counts(): { asked: number; agreeing: number; sameMessage: number } {
    const count = (...kinds: Kind[]) => this.#rows.filter(({ kind }) => kinds.includes(kind)).length;
    const sameMessage = count("same"), agreeing = sameMessage + count("other message");
    return { asked: this.#rows.length - count("could not be asked", "not supported here"), agreeing, sameMessage };
  }

  #couldNotBeAsked(what: string, error: unknown): void {
    const mayLack = error instanceof RefusedByKernel
      ? /\((EPERM|ENOTSUPP|EOPNOTSUPP)\)$/.test(error.message)
      : error instanceof BackendError && libbpfLacks(error.message);
    if (!(error instanceof BackendError) || (this.#isReference && !mayLack)) throw error;
    this.#add(what, "could not be asked", "runs", firstLine(error));
  }

  #add(what: string, kind: Kind, ours: string, kernel: string): void {
    this.#rows.push({ what, kind, ours, kernel });
  }
}

function kindOf(ours: Verdict, kernel: Verdict): Kind {
  if (ours.verdict !== kernel.verdict) return "other verdict";
  const same = ours.errno === kernel.errno && comparable(ours.message) === comparable(kernel.message);
  return same ? "same" : "other message";
}

const said = ({ verdict, errno, message }: Verdict): string =>
  verdict === "accept" ? "accepted" : verdict === "unsupported" ? message : `${errnoName(errno)}: ${message}`;

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

/** What a failed expectation expected and what it got; fast-check has it as the cause of its own error. */
function valuesOf(error: unknown): [expected: string, actual: string] {
  const failed = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(failed instanceof Error) || !("expected" in failed && "actual" in failed)) return ["", firstLine(failed)];
  const text = (value: unknown) =>
    inspect(value, { depth: 6, breakLength: Infinity, compact: true }).slice(0, LONGEST_VALUE);
  return [text(failed.expected), text(failed.actual)];
}

const firstLine = (error: unknown): string => String(error instanceof Error ? error.message : error).split("\n")[0];
