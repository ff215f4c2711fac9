/** A program's stack, which no other thread sees: its bytes, and the reads that they were computed from. */
import { asRegister } from "./arithmetic.ts";
import { ModelRefusal } from "./thread_code.ts";
import type { EventSet } from "./trace.ts";

const BASE = 1n << 60n, BYTES = 1n << 20n;

interface StackByte {
  readonly value: bigint;
  readonly taint: EventSet;
}

export class PrivateStack {
  /** What r10 holds when a program begins. */
  static readonly top = BASE + 512n;

  #bytes = new Map<bigint, StackByte>();

  static holds(address: bigint): boolean {
    return address >= BASE && address < BASE + BYTES;
  }

  copy(): PrivateStack {
    const copy = new PrivateStack();
    copy.#bytes = new Map(this.#bytes);
    return copy;
  }

  /** Equal keys: equal contents. */
  get key(): string {
    return [...this.#bytes].map(([at, { value }]) => `${at - BASE}:${value}`).sort().join();
  }

  read(address: bigint, bytes: number): StackByte {
    let value = 0n, taint = 0n;
    for (let at = bytes - 1; at >= 0; at--) {
      const byte = this.#bytes.get(address + BigInt(at));
      if (!byte) throw new ModelRefusal("a program reads from its stack what it has not written");
      value = value << 8n | byte.value;
      taint |= byte.taint;
    }
    return { value, taint };
  }

  write(address: bigint, bytes: number, value: bigint, taint: EventSet): void {
    const all = asRegister(value);
    for (let at = 0; at < bytes; at++) {
      this.#bytes.set(address + BigInt(at), { value: (all >> BigInt(8 * at)) & 0xffn, taint });
    }
  }
}
