/** Where control goes from each instruction, within its function (kernel/bpf/liveness.c:bpf_insn_successors). */
import { BPF_CLASS, classOf, type Insn, isCall, isExit, isWide, jumpTarget } from "../../isa/insn.ts";

/** No instruction. */
export const NOWHERE = -1;

export class Edges {
  /** Of each instruction: what follows it, and where it may jump. */
  readonly next: Int32Array;
  readonly jump: Int32Array;
  readonly #froms: Int32Array;
  readonly #starts: Int32Array;

  /** @param insns whose jumps are known to stay within the program */
  constructor(insns: readonly Insn[]) {
    const count = insns.length;
    this.next = new Int32Array(count).fill(NOWHERE);
    this.jump = new Int32Array(count).fill(NOWHERE);
    insns.forEach((insn, at) => this.#find(insn, at));
    this.#starts = new Int32Array(count + 2);
    const counts = this.#starts.subarray(1);
    for (let at = 0; at < count; at++) {
      if (this.next[at] >= 0 && this.next[at] < count) counts[this.next[at] + 1]++;
      if (this.jump[at] >= 0) counts[this.jump[at] + 1]++;
    }
    for (let at = 0; at < count; at++) counts[at + 1] += counts[at];
    this.#froms = new Int32Array(counts[count]);
    for (let at = 0; at < count; at++) {
      if (this.next[at] >= 0 && this.next[at] < count) this.#froms[counts[this.next[at]]++] = at;
      if (this.jump[at] >= 0) this.#froms[counts[this.jump[at]]++] = at;
    }
  }

  #find(insn: Insn, at: number): void {
    if (isExit(insn)) return;
    const isJumpClass = classOf(insn) === BPF_CLASS.JMP || classOf(insn) === BPF_CLASS.JMP32;
    if (isWide(insn)) this.next[at] = at + 2;
    else if (!isJumpClass || isCall(insn)) this.next[at] = at + 1;
    else {
      this.jump[at] = jumpTarget(insn, at);
      if (insn.opcode !== 0x05 && insn.opcode !== 0x06) this.next[at] = at + 1;
    }
  }

  /** Calls `visit` with every instruction that may come before one. */
  forEachBefore(at: number, visit: (from: number) => void): void {
    for (let index = this.#starts[at]; index < this.#starts[at + 1]; index++) visit(this.#froms[index]);
  }
}

/** Instructions that wait to be looked at, each once. */
export class Worklist {
  readonly #items: number[] = [];
  readonly #waits: Uint8Array;

  constructor(count: number) {
    this.#waits = new Uint8Array(count);
  }

  add(at: number): void {
    if (this.#waits[at]) return;
    this.#waits[at] = 1;
    this.#items.push(at);
  }

  /** The one added last; undefined when none is left. */
  take(): number | undefined {
    const at = this.#items.pop();
    if (at !== undefined) this.#waits[at] = 0;
    return at;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }
}
