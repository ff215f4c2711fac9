/**
 * Performs the operations of kernel models on memory that other threads use at the same time: what the simulator
 * schedules, the real CPUs now do to each other. Loads and stores are single machine instructions, read-modify-writes
 * are locked ones, waiting is spinning.
 */
import type { Memory, Width } from "../../cpu/memory.ts";
import type { AwaitOp, Model, Operation, RmwOp } from "../../cpu/operation.ts";

/** No thread holds a lock for so long, unless it is never released. */
const SPIN_LIMIT_MS = 5_000;
/** Lines of bpf_printk that one thread keeps. */
const MAX_PRINTED = 1_000;
const TURNS_PER_LOOK_AT_THE_CLOCK = 1 << 12;

/** A run that cannot go on; the message is for the reader. */
export class ThreadFault extends Error {
  override name = "ThreadFault";
}

/** Spins until `attempt` succeeds. */
function spinUntil(what: string, attempt: () => boolean): void {
  if (attempt()) return;
  const deadline = performance.now() + SPIN_LIMIT_MS;
  for (let turn = 1; !attempt(); turn++) {
    if (turn % TURNS_PER_LOOK_AT_THE_CLOCK === 0 && performance.now() > deadline) {
      throw new ThreadFault(`deadlock: ${what} was not to be had for ${SPIN_LIMIT_MS / 1000} s`);
    }
  }
}

export class SharedOperations {
  readonly #i32: Int32Array;
  readonly #words: Readonly<Record<1 | 2 | 4, Uint8Array | Uint16Array | Uint32Array>>;
  readonly #u64: BigUint64Array;

  /**
   * @param atomicLock address of a word that guards the operations of kind `atomic`
   * @param printed lines of bpf_printk are added here
   */
  constructor(readonly memory: Memory, readonly atomicLock: number, readonly printed: string[]) {
    const { buffer } = memory.wasm;
    this.#i32 = new Int32Array(buffer);
    this.#words = { 1: new Uint8Array(buffer), 2: new Uint16Array(buffer), 4: new Uint32Array(buffer) };
    this.#u64 = new BigUint64Array(buffer);
  }

  /** Runs a kernel model to its end. */
  run<T>(model: Model<T>): T {
    let next = model.next();
    while (!next.done) next = model.next(this.#perform(next.value));
    return next.value;
  }

  lock(addr: number): void {
    const word = addr >> 2, i32 = this.#i32;
    spinUntil("a lock", () => Atomics.load(i32, word) === 0 && Atomics.compareExchange(i32, word, 0, 1) === 0);
  }

  unlock(addr: number): void {
    Atomics.store(this.#i32, addr >> 2, 0);
  }

  #perform(op: Operation): bigint {
    switch (op.kind) {
      case "load":
        return this.#load(op.addr, op.size);
      case "store":
        this.#store(op.addr, op.size, op.value);
        return 0n;
      case "rmw":
        return this.#readModifyWrite(op);
      case "await":
        return this.#await(op);
      case "wait":
        spinUntil(op.label ?? "a condition", () => op.until(this.memory));
        return 0n;
      case "atomic":
        this.lock(this.atomicLock);
        try {
          return op.run(this.memory);
        } finally {
          this.unlock(this.atomicLock);
        }
      case "private":
        return op.run(this.memory);
      case "work":
      case "mask":
      case "sleep":
        return 0n;
      case "print":
        if (this.printed.length < MAX_PRINTED) this.printed.push(op.text);
        return 0n;
      case "fault":
        throw new ThreadFault(op.message);
      default:
        throw new ThreadFault(`an operation "${op.kind}", which only the simulator has`);
    }
  }

  #load(addr: number, size: Width): bigint {
    if (addr % size !== 0) return this.memory.read(addr, size);
    if (size === 8) return Atomics.load(this.#u64, addr >> 3);
    return BigInt(Atomics.load(this.#words[size], addr / size));
  }

  #store(addr: number, size: Width, value: bigint): void {
    if (addr % size !== 0) this.memory.write(addr, size, value);
    else if (size === 8) Atomics.store(this.#u64, addr >> 3, value);
    else Atomics.store(this.#words[size], addr / size, Number(BigInt.asUintN(8 * size, value)));
  }

  #readModifyWrite({ op, addr, size, value, expected = 0n }: RmwOp): bigint {
    if (size !== 4 && size !== 8) throw new ThreadFault(`an atomic operation on ${size} bytes`);
    if (addr % size !== 0) throw new ThreadFault(`an atomic operation at address ${addr}, which is not aligned`);
    if (size === 8) {
      const words = this.#u64, at = addr >> 3;
      if (op === "cmpxchg") return Atomics.compareExchange(words, at, expected, value);
      return (op === "xchg" ? Atomics.exchange : Atomics[op])(words, at, value);
    }
    const words = this.#words[4] as Uint32Array, at = addr >> 2, operand = Number(BigInt.asUintN(32, value));
    if (op === "cmpxchg") {
      return BigInt(Atomics.compareExchange(words, at, Number(BigInt.asUintN(32, expected)), operand));
    }
    return BigInt((op === "xchg" ? Atomics.exchange : Atomics[op])(words, at, operand));
  }

  #await({ addr, size, until, thenStore, label }: AwaitOp): bigint {
    let seen = 0n;
    spinUntil(label ?? "a value", () => {
      seen = this.#load(addr, size);
      if (!until(seen)) return false;
      if (thenStore === undefined) return true;
      const swap = { kind: "rmw", op: "cmpxchg", addr, size, expected: seen, value: thenStore } as const;
      return this.#readModifyWrite(swap) === seen;
    });
    return seen;
  }
}
