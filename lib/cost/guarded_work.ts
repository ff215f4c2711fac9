/**
 * The price of work under a lock. A kernel model does it in one private step; here its loads and stores are noted, and
 * the core does them for their cache lines, which another CPU may have that held the lock before.
 */
import type { Memory } from "../cpu/memory.ts";
import type { PrivateOp } from "../cpu/operation.ts";
import { type Core, OP } from "./core.ts";

/** Instructions of kernel code around each load and store. */
const INSNS = 2;
const WORD = 8;

export class GuardedWork {
  /** Addresses of words, and whether they are written: the first load and the first store of each line. */
  readonly #words: number[] = [];
  readonly #writes: boolean[] = [];
  /** Of each: loads and stores since, which find the line there. */
  readonly #loadsAfter: number[] = [];
  readonly #storesAfter: number[] = [];
  readonly #read = new Set<number>();
  readonly #written = new Set<number>();
  #done = 0;

  /** Whether some of it is still to be done, or has just been. */
  get isUnderWay(): boolean {
    return this.#words.length > 0;
  }

  /** Does the step and notes what it touches. */
  note(memory: Memory, op: PrivateOp): bigint {
    const { journal, witness } = memory;
    this.#read.clear();
    this.#written.clear();
    memory.witness = { beforeRead: (addr) => this.#touch(addr, false), tookWhole: () => {} };
    memory.journal = {
      beforeWrite: (addr, size) => {
        journal?.beforeWrite(addr, size);
        this.#touch(addr, true);
      },
    };
    try {
      return op.run(memory);
    } finally {
      memory.journal = journal;
      memory.witness = witness;
    }
  }

  /** Puts the next of it into the core; false when all is done. */
  next(core: Core): boolean {
    const at = this.#done++;
    if (at === this.#words.length) {
      this.#done =
        this.#words.length =
        this.#writes.length =
        this.#loadsAfter.length =
        this.#storesAfter.length =
          0;
      return false;
    }
    core.op = this.#writes[at] ? OP.store : OP.load;
    core.addr = this.#words[at];
    // What is stored is in memory already: the store takes an entry and needs its line, and writes nothing.
    core.size = this.#writes[at] ? 0 : WORD;
    core.insns += INSNS * (1 + this.#loadsAfter[at] + this.#storesAfter[at]);
    core.privateStores += this.#storesAfter[at];
    return true;
  }

  #touch(addr: number, isWrite: boolean): void {
    const line = addr >>> 6, seen = isWrite ? this.#written : this.#read;
    if (seen.has(line)) {
      const last = this.#words.length - 1;
      if (isWrite) this.#storesAfter[last]++;
      else this.#loadsAfter[last]++;
      return;
    }
    seen.add(line);
    this.#words.push(addr & -WORD);
    this.#writes.push(isWrite);
    this.#loadsAfter.push(0);
    this.#storesAfter.push(0);
  }
}
