/**
 * Which values of a random number, and which passing of time, a program can tell apart: what a search has to try.
 *
 * Of a random number x it is worked out by a look at what is computed from it (forward_look.ts). All that follows is a
 * function of x modulo some number, or of thresholds that x lies above or below, or it is not known. In the first two
 * cases a few numbers stand for all.
 */
import { ALU, type Insn } from "../isa/insn.ts";
import { type Look, lookForward, narrow } from "./forward_look.ts";

/** What stands for all values in a search. */
export interface ToldApart {
  readonly values: readonly bigint[];
  /** Whether the program behaves for every other value as for one of these. */
  readonly complete: boolean;
}

/** Values that a search tries at most. */
const MOST_VALUES = 16;
/** Where more would be needed: a few of very many. */
const FEW_VALUES = [0n, 1n, (1n << 32n) - 1n] as const;
/** Numbers that are tried for what they lead to, to find those that stand for others. */
const MOST_CANDIDATES = 1 << 16;
const RANGE = 1n << 32n;

/** How a value depends on x. */
interface Derived {
  readonly apply: (x: bigint) => bigint;
  /** It never falls as x grows, and wraps nowhere. */
  readonly rises?: boolean;
  /** It is x >> by. */
  readonly shifted?: bigint;
  /** Its k low bits come from the k + `low` low bits of x: carries only go up. */
  readonly low?: bigint;
  /** It is the same for all x that are equal modulo this. */
  readonly modulus?: bigint;
  /** It is another value divided by a number; or that multiplied by the number again, which leaves the remainder away. */
  readonly quotient?: { readonly of: Derived; readonly by: bigint; readonly again: boolean };
  /** It is another value multiplied by a number. */
  readonly product?: { readonly of: Derived; readonly by: bigint };
}

/** Numbers of all sizes, for what is not understood: by the golden ratio, which spreads them evenly. */
const SCATTERED = Array.from({ length: 256 }, (_, i) => BigInt(Math.imul(i + 1, 0x9e37_79b1) >>> 0));

const bitsOf = (value: bigint): bigint => BigInt(value.toString(2).length);
const isMask = (value: bigint): boolean => (value & (value + 1n)) === 0n;
const gcd = (a: bigint, b: bigint): bigint => b === 0n ? a : gcd(b, a % b);

/**
 * The number by which `x * by >> shift` divides every x below 2^32, as compilers write a division by a constant
 * (Granlund and Montgomery: "Division by Invariant Integers using Multiplication", PLDI 1994, theorem 4.2).
 */
function divisorOf(by: bigint, shift: bigint): bigint | undefined {
  if (by === 0n || shift < 32n) return undefined;
  const divisor = ((1n << shift) + by - 1n) / by, excess = by * divisor - (1n << shift);
  return excess >= 0n && excess <= 1n << (shift - 32n) ? divisor : undefined;
}

/** What arithmetic gives (RFC 9669 section 4.1); undefined for operations that are not looked into. */
function compute(op: number, wide: boolean, a: bigint, b: bigint): bigint | undefined {
  const left = narrow(wide, a), right = narrow(wide, b), shift = right & (wide ? 63n : 31n);
  switch (op) {
    case ALU.ADD:
      return narrow(wide, left + right);
    case ALU.SUB:
      return narrow(wide, left - right);
    case ALU.MUL:
      return narrow(wide, left * right);
    case ALU.DIV:
      return right === 0n ? 0n : left / right;
    case ALU.MOD:
      return right === 0n ? left : left % right;
    case ALU.OR:
      return left | right;
    case ALU.AND:
      return left & right;
    case ALU.XOR:
      return left ^ right;
    case ALU.LSH:
      return narrow(wide, left << shift);
    case ALU.RSH:
      return left >> shift;
    case ALU.ARSH:
      return narrow(wide, BigInt.asIntN(wide ? 64 : 32, left) >> shift);
  }
  return undefined;
}

/** What a conditional jump asks (RFC 9669 section 4.3). */
function jumps(op: number, wide: boolean, a: bigint, b: bigint): boolean {
  const left = narrow(wide, a), right = narrow(wide, b), bits = wide ? 64 : 32;
  const sLeft = BigInt.asIntN(bits, left), sRight = BigInt.asIntN(bits, right);
  switch (op) {
    case 0x10:
      return left === right;
    case 0x20:
      return left > right;
    case 0x30:
      return left >= right;
    case 0x40:
      return (left & right) !== 0n;
    case 0x50:
      return left !== right;
    case 0x60:
      return sLeft > sRight;
    case 0x70:
      return sLeft >= sRight;
    case 0xa0:
      return left < right;
    case 0xb0:
      return left <= right;
    case 0xc0:
      return sLeft < sRight;
    default:
      return sLeft <= sRight;
  }
}
const JSET = 0x40;

/** Operations with a constant in which a bit of the result comes from no higher bit of the value. */
const CARRIES_UP: readonly number[] = [ALU.ADD, ALU.SUB, ALU.MUL, ALU.XOR, ALU.OR, ALU.LSH];
/** A shift by the value itself. */
const isShiftOf = (op: number, reversed: boolean): boolean => reversed && op === ALU.LSH;

/** What bpf_get_prandom_u32 gives. */
class RandomLook implements Look<Derived> {
  /** Everything that the program does with x, each as a function of it. */
  readonly #uses: ((x: bigint) => bigint | boolean)[] = [];
  readonly #thresholds = new Set<bigint>([0n]);
  #modulus = 1n;
  #complete = true;

  alu(of: Derived, op: number, wide: boolean, constant: bigint, reversed: boolean): Derived | undefined {
    const c = narrow(wide, constant), most = of.apply(RANGE - 1n), limit = wide ? 1n << 64n : RANGE;
    if (op === ALU.AND && isMask(c) && of.rises && most <= c) return of;
    if (compute(op, wide, 1n, 1n) === undefined) return this.mixed(of);
    const apply = (x: bigint) =>
      reversed ? compute(op, wide, constant, of.apply(x))! : compute(op, wide, of.apply(x), constant)!;
    if (of.modulus !== undefined) return { apply, modulus: of.modulus };
    const isExact = of.rises && most < limit, { shifted, low } = of, shift = c & (wide ? 63n : 31n);
    if (op === ALU.AND && low !== undefined) return { apply, modulus: 1n << (low + bitsOf(c)) };
    if (!reversed && op === ALU.MOD && c > 0n) {
      if (shifted !== undefined && isExact) return { apply, modulus: c << shifted };
      if (low !== undefined && isMask(c - 1n)) return { apply, modulus: 1n << (low + bitsOf(c - 1n)) };
    }
    const shifts = !reversed && op === ALU.RSH;
    const rises = isExact &&
      (op === ALU.ADD
        ? most + c < limit
        : op === ALU.MUL
        ? most * c < limit
        : !reversed && (op === ALU.LSH ? most << shift < limit : op === ALU.DIV || op === ALU.RSH));
    const isDivided = !reversed && op === ALU.DIV && c > 0n && isExact;
    const divisor = shifts && isExact && of.product ? divisorOf(of.product.by, shift) : undefined;
    const isMultiplied = op === ALU.MUL && of.quotient?.by === c && !of.quotient.again && rises;
    return {
      apply,
      rises,
      shifted: shifts && isExact && shifted !== undefined ? shifted + shift : undefined,
      low: low === undefined
        ? undefined
        : shifts
        ? low + shift
        : CARRIES_UP.includes(op) && !isShiftOf(op, reversed)
        ? low
        : undefined,
      product: op === ALU.MUL && rises && most < RANGE ? { of, by: c } : undefined,
      quotient: divisor !== undefined
        ? { of: of.product!.of, by: divisor, again: false }
        : isDivided
        ? { of, by: c, again: false }
        : isMultiplied
        ? { ...of.quotient!, again: true }
        : undefined,
    };
  }

  /** A value less its quotient multiplied again: the remainder. */
  both(left: Derived, right: Derived, op: number, wide: boolean): Derived | undefined {
    const { quotient } = right;
    if (op !== ALU.SUB || !quotient?.again || quotient.of !== left || left.shifted === undefined) return undefined;
    const apply = (x: bigint) => compute(op, wide, left.apply(x), right.apply(x))!;
    return { apply, modulus: quotient.by << left.shifted };
  }

  mixed(of: Derived): undefined {
    this.whole(of);
  }

  compare(of: Derived, op: number, wide: boolean, constant: bigint | undefined): void {
    if (constant === undefined) return this.whole(of);
    this.#uses.push((x) => jumps(op, wide, of.apply(x), constant));
    if (of.modulus !== undefined) this.#depends(of.modulus);
    else if (op === JSET && of.low !== undefined) {
      this.#depends(1n << (of.low + bitsOf(narrow(wide, constant))));
    } else if (of.rises && op !== JSET && of.apply(RANGE - 1n) < (wide ? 1n << 64n : RANGE)) {
      const c = narrow(wide, constant);
      // Below the constant, at it, above; and where a signed comparison sees the number turn negative.
      for (const value of [c, c + 1n, wide ? 1n << 63n : 1n << 31n]) this.#thresholdAt(of, value);
    } else this.#complete = false;
  }

  whole(of: Derived): void {
    this.#uses.push(of.apply);
    if (of.modulus !== undefined) return this.#depends(of.modulus);
    if (!of.rises) {
      this.#complete = false;
      return;
    }
    let value = of.apply(0n);
    for (let found = 0; found <= MOST_VALUES; found++) {
      const next = this.#thresholdAt(of, value + 1n);
      if (next === undefined) return;
      value = of.apply(next);
    }
    this.#complete = false;
  }

  answer(): ToldApart {
    if (this.#uses.length === 0) return { values: [0n], complete: true };
    const classes = new Map<string, bigint>();
    for (const x of this.#candidates()) {
      const key = this.#uses.map((use) => use(x)).join();
      if (!classes.has(key)) classes.set(key, x);
      if (classes.size > MOST_VALUES) return { values: FEW_VALUES, complete: false };
    }
    return { values: [...classes.values()], complete: this.#complete };
  }

  #depends(modulus: bigint): void {
    this.#modulus = this.#modulus / gcd(this.#modulus, modulus) * modulus;
  }

  /** The least x for which a rising function reaches a value. */
  #thresholdAt(of: Derived, value: bigint): bigint | undefined {
    if (of.apply(RANGE - 1n) < value) return undefined;
    let low = 0n, high = RANGE - 1n;
    while (low < high) {
      const middle = (low + high) >> 1n;
      if (of.apply(middle) >= value) high = middle;
      else low = middle + 1n;
    }
    this.#thresholds.add(low);
    return low;
  }

  /** Between two thresholds all residues come up, as far as there is room; the first of each stands for it. */
  #candidates(): Iterable<bigint> {
    const from = [...this.#thresholds].sort((a, b) => a < b ? -1 : 1);
    if (this.#modulus * BigInt(from.length) > MOST_CANDIDATES) {
      this.#complete = false;
      this.#modulus = BigInt(Math.floor(MOST_CANDIDATES / from.length / 4));
    }
    const modulus = this.#modulus, more = this.#complete ? [] : SCATTERED;
    return {
      *[Symbol.iterator]() {
        for (const [i, start] of from.entries()) {
          const end = i + 1 < from.length ? from[i + 1] : RANGE;
          for (let x = start; x < end && x < start + modulus; x++) yield x;
        }
        yield* more;
      },
    };
  }
}

/** The random numbers that a program can tell apart behind the call at an instruction. */
export function randomNumbersAt(insns: readonly Insn[], at: number, isMain: boolean): ToldApart {
  const look = new RandomLook();
  lookForward<Derived>(insns, at, { apply: (x) => x, rises: true, shifted: 0n, low: 0n }, isMain, look);
  return look.answer();
}

/** Steps of time that a search tries at most. */
const MOST_STEPS = 6;
const MOST_NS = 1n << 62n;

/** A time, or a difference of times, in units of so many nanoseconds. */
interface Scaled {
  readonly unitNs: bigint;
}

/** JGT, JLE, JSGT, JSLE; and JGE, JLT, JSGE, JSLT. */
const ABOVE = [0x20, 0xb0, 0x60, 0xd0], FROM = [0x30, 0xa0, 0x70, 0xc0];

/** What a clock says. Whether all that matters has been found is never shown here: what is stored meets other times. */
class TimeLook implements Look<Scaled> {
  readonly steps = new Set<bigint>();
  /** Whether one nanosecond can matter: the time is compared with another one, or kept. */
  compared = false;

  alu(of: Scaled, op: number, wide: boolean, constant: bigint, reversed: boolean): Scaled | undefined {
    const c = BigInt.asIntN(wide ? 64 : 32, constant), positive = c < 0n ? -c : c;
    if (reversed || c === 0n) return of;
    switch (op) {
      case ALU.RSH:
      case ALU.ARSH:
        return this.#divided(of, 1n << (positive & 63n));
      case ALU.DIV:
        return this.#divided(of, positive);
      case ALU.MOD:
        this.#step(positive * of.unitNs);
        return of;
      case ALU.AND:
        // The lower half of a 64-bit time is a time.
        if (c > 0n && isMask(c) && c < 0xffff_ffffn) this.#step((c + 1n) * of.unitNs);
        return of;
      case ALU.ADD:
      case ALU.SUB:
        // Times that are compared with the sum later, by whatever comparison.
        this.#step(positive * of.unitNs);
        this.#step((positive + 1n) * of.unitNs);
    }
    return of;
  }

  mixed(of: Scaled): Scaled {
    return of;
  }

  /** A difference of two readings is a time. */
  both(left: Scaled): Scaled {
    return left;
  }

  compare(of: Scaled, op: number, wide: boolean, constant: bigint | undefined, plus: bigint): void {
    if (constant === undefined) {
      this.compared = true;
      this.#step(plus * of.unitNs);
      // Past a time plus so much, which may as well be the earlier side.
      if (plus !== 0n) this.#step((plus < 0n ? plus - 1n : plus + 1n) * of.unitNs);
      return;
    }
    const c = BigInt.asIntN(wide ? 64 : 32, constant) * of.unitNs;
    // Where the answer changes: above the constant, at it, or at both ends of it.
    if (!ABOVE.includes(op)) this.#step(c);
    if (!FROM.includes(op)) this.#step(c + of.unitNs);
  }

  whole(): void {
    this.compared = true;
  }

  #divided(of: Scaled, by: bigint): Scaled {
    this.#step(by * of.unitNs);
    return { unitNs: of.unitNs * by };
  }

  #step(ns: bigint): void {
    const step = ns < 0n ? -ns : ns;
    if (step > 0n && step < MOST_NS) this.steps.add(step);
  }
}

/**
 * By how many nanoseconds the clock has gone on at the call at an instruction: nothing, and the steps that take it to
 * where a comparison with a constant, or a division by one, gives another answer.
 *
 * @param unitNs what the clock counts
 */
export function timeStepsAt(insns: readonly Insn[], at: number, isMain: boolean, unitNs: bigint): readonly bigint[] {
  const look = new TimeLook();
  lookForward<Scaled>(insns, at, { unitNs }, isMain, look);
  const steps = [0n, ...(look.compared ? [unitNs] : [])];
  steps.push(...[...look.steps].sort((a, b) => a < b ? -1 : 1));
  return [...new Set(steps)].slice(0, MOST_STEPS);
}
