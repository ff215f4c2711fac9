/** The verifier's log, in the form that the kernel prints at level 1 (kernel/bpf/log.c). */
import type { Environment } from "./environment.ts";
import { insnText } from "./insn_text.ts";
import { stateText } from "./state_text.ts";
import { FP, SlotSet } from "./state.ts";

/** Columns that states are aligned to. */
const ALIGN = 40;
const MIN_ALIGN = 8;

/** What a run that prints its log knows from one that did not. */
export interface LogPlan {
  /**
   * The instructions of the path that was refused, by what the counter of instructions stood at, and the last count;
   * none where all paths were safe and the program is refused for something else.
   */
  readonly counts: ReadonlySet<number>;
  readonly last: number;
  readonly write: (text: string) => void;
}

/**
 * The kernel logs every path and takes back what it logged of those that turn out safe (bpf_vlog_reset). Here a first run
 * tells which instructions are on the path that is refused; a second one prints those, and nothing has to be taken back.
 */
export class Log {
  #lastLine: string | undefined;
  /** An instruction is printed whose line is not ended: what it changed may come behind it. */
  #isLineOpen = false;
  #insnWidth = 0;
  /** Behind that line instructions of other paths were logged, and taken back. */
  #hasOthers = false;
  /** What they changed was written over the end of the line, where a space is left of it. */
  #isSpoiled = false;
  #hasOtherText = false;
  #isOn = true;
  /** Registers and slots touched since the last state was printed. */
  scratchedRegs = 0;
  readonly scratchedSlots = new SlotSet();

  constructor(readonly plan: LogPlan | undefined) {}

  /** Whether what is written now is printed. */
  get isFull(): boolean {
    return this.plan !== undefined && this.#isOn;
  }

  write(text: string): void {
    if (!this.#isOn) this.#hasOtherText = true;
    if (!this.isFull) return;
    this.#endLine();
    this.plan!.write(text);
  }

  #endLine(): void {
    if (this.#isLineOpen) this.plan!.write(this.#isSpoiled ? " " : "\n");
    this.#isLineOpen = false;
  }

  /** The instruction of this count is next. */
  reach(count: number): void {
    if (this.plan) this.#isOn = count === this.plan.last || this.plan.counts.has(count);
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#isLineOpen) this.write("");
  }

  /** All paths of a function are done. */
  leavePaths(): void {
    this.#isOn = true;
  }

  touchReg(index: number): void {
    this.scratchedRegs |= 1 << index;
  }

  touchAll(): void {
    this.scratchedRegs = (1 << (FP + 1)) - 1;
    this.scratchedSlots.fill();
  }

  /** The C line and the instruction about to be checked. */
  insn(env: Environment): void {
    if (!this.plan) return;
    const isTouched = this.scratchedRegs !== 0 || !this.scratchedSlots.isEmpty;
    if (!this.#isOn) {
      if (!this.#hasOthers && !this.#hasOtherText) this.#isSpoiled = isTouched;
      this.#hasOthers = true;
    } else if (isTouched) this.state(env);
    this.#line(env);
    if (!this.#isOn) return;
    const text = `${env.insn}: ${insnText(env, env.insn)}`;
    this.write(text);
    this.#insnWidth = text.length + 1;
    this.#isLineOpen = true;
    this.#hasOthers = this.#isSpoiled = this.#hasOtherText = false;
  }

  #line(env: Environment): void {
    const line = env.lineAt(env.insn);
    if (!line) return;
    const file = line.file.slice(line.file.lastIndexOf("/") + 1);
    const key = `${line.file}:${line.line}`;
    if (key === this.#lastLine) return;
    this.#lastLine = key;
    this.write(`; ${line.text.trimStart()} @ ${file}:${line.line}\n`);
  }

  /** What changed in the state: beside the instruction, or on a line of its own (print_insn_state). */
  state(env: Environment): void {
    if (!this.isFull) return;
    const text = stateText(env.state, env.state.frames.length - 1, this.scratchedRegs, this.scratchedSlots) + "\n";
    if (this.#isLineOpen && !this.#hasOthers) {
      const width = this.#insnWidth;
      const wanted = Math.ceil(Math.max(width + MIN_ALIGN / 2, ALIGN) / MIN_ALIGN) * MIN_ALIGN - width - 1;
      this.#isLineOpen = false;
      this.plan!.write(`${" ".repeat(wanted)};${text}`);
    } else {
      this.write(`${env.insn}:${text}`);
    }
    this.scratchedRegs = 0;
    this.scratchedSlots.clear();
  }
}
