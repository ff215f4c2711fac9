/** What stands for all that the kernel leaves open in a search, by the instruction that asks; worked out when it does. */
import { isHelperCall } from "../isa/insn.ts";
import type { LineInfo } from "../object/bpf_object.ts";
import { helperId } from "../uapi/helpers.ts";
import { type Image, imageLine } from "./image.ts";
import { randomNumbersAt, timeStepsAt, type ToldApart } from "./told_apart.ts";

const RANDOM = helperId("bpf_get_prandom_u32")!, JIFFIES = helperId("bpf_jiffies64")!;
const CLOCKS = ["bpf_ktime_get_ns", "bpf_ktime_get_boot_ns", "bpf_ktime_get_coarse_ns", "bpf_ktime_get_tai_ns"]
  .map((name) => helperId(name)!);
/** Nanoseconds of a tick (bpf_helpers/task_helpers.ts:bpf_jiffies64). */
const JIFFY_NS = 4_000_000n;

/** A call whose result is open, with what is tried for it. */
export interface OpenCall {
  readonly line: LineInfo | undefined;
  readonly values: readonly bigint[];
  readonly complete: boolean;
}

export class OpenValues {
  readonly #random = new Map<number, ToldApart>();
  readonly #timeSteps = new Map<number, readonly bigint[]>();

  constructor(readonly image: Image) {}

  randomAt(insn: number): ToldApart {
    let known = this.#random.get(insn);
    if (!known) this.#random.set(insn, known = randomNumbersAt(this.image.insns, insn, this.#isMain(insn)));
    return known;
  }

  timeStepsAt(insn: number): readonly bigint[] {
    let known = this.#timeSteps.get(insn);
    const unitNs = this.image.insns[insn].imm === JIFFIES ? JIFFY_NS : 1n;
    if (!known) this.#timeSteps.set(insn, known = timeStepsAt(this.image.insns, insn, this.#isMain(insn), unitNs));
    return known;
  }

  /** Every call for a random number, and every reading of a clock, in the programs of the workload. */
  get randomCalls(): OpenCall[] {
    return this.#calls((helper) => helper === RANDOM).map((insn) => ({
      line: imageLine(this.image, insn),
      ...this.randomAt(insn),
    }));
  }

  get clockCalls(): OpenCall[] {
    return this.#calls((helper) => helper === JIFFIES || CLOCKS.includes(helper)).map((insn) => ({
      line: imageLine(this.image, insn),
      values: this.timeStepsAt(insn),
      complete: false,
    }));
  }

  /** Whether any program calls a helper. */
  calls(name: string): boolean {
    const id = helperId(name);
    return this.#calls((helper) => helper === id).length > 0;
  }

  #calls(wanted: (helper: number) => boolean): number[] {
    return this.image.insns.flatMap((insn, at) => isHelperCall(insn) && wanted(insn.imm) ? [at] : []);
  }

  /** Whether an instruction is in a program's main function: nothing depends on what that returns. */
  #isMain(insn: number): boolean {
    const { entries, programs } = this.image, entry = entries.filter((start) => start <= insn).at(-1);
    return programs.some(({ start }) => start === entry);
  }
}
