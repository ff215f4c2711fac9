/** The verifier's log, in the form that the kernel prints at level 1 (kernel/bpf/log.c). */
import type { Environment } from "./environment.ts";
import { insnText } from "./insn_text.ts";
import { stateText } from "./state_text.ts";
import { FP, SlotSet } from "./state.ts";

/** Columns that states are aligned to. */
const ALIGN = 40;
const MIN_ALIGN = 8;

export class Log {
  #text = "";
  #lastLine: string | undefined;
  /** Where the text of the last instruction begins and ends. */
  #insnStart = 0;
  #insnEnd = -1;
  #insnWidth = 0;
  /** Registers and slots touched since the last state was printed. */
  scratchedRegs = 0;
  readonly scratchedSlots = new SlotSet();

  constructor(readonly isFull: boolean) {}

  get text(): string {
    return this.#text;
  }

  get position(): number {
    return this.#text.length;
  }

  write(text: string): void {
    this.#text += text;
  }

  /** Forgets what a path that turned out safe had logged (bpf_vlog_reset). */
  rewind(position: number): void {
    if (this.#text.length > position) this.#text = this.#text.slice(0, position);
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
    if (!this.isFull) return;
    if (this.scratchedRegs !== 0 || !this.scratchedSlots.isEmpty) this.state(env);
    this.#line(env);
    this.#insnStart = this.position;
    this.write(`${env.insn}: ${insnText(env, env.insn)}\n`);
    this.#insnWidth = this.position - this.#insnStart;
    this.#insnEnd = this.position;
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
    if (this.#insnEnd === this.position) {
      this.rewind(this.position - 1);
      const width = this.#insnWidth;
      const wanted = Math.ceil(Math.max(width + MIN_ALIGN / 2, ALIGN) / MIN_ALIGN) * MIN_ALIGN - width - 1;
      this.write(`${" ".repeat(wanted)};`);
    } else {
      this.write(`${env.insn}:`);
    }
    this.write(stateText(env.state, env.state.frames.length - 1, this.scratchedRegs, this.scratchedSlots) + "\n");
    this.scratchedRegs = 0;
    this.scratchedSlots.clear();
  }
}
