/** What a litmus file says: herdtools7's form, with columns in its BPF dialect (herdtools7, catalogue/bpf/README.md). */
import type { Insn } from "../../isa/insn.ts";

/** A litmus file that cannot be read: the line, and the reason. */
export class LitmusError extends Error {
  override name = "LitmusError";
  constructor(readonly line: number, readonly reason: string) {
    super(`line ${line}: ${reason}`);
  }

  /** The same with the file's name in the message. */
  at(path: string): LitmusError {
    this.message = `${path}:${this.line}: ${this.reason}`;
    return this;
  }
}

/** A register of a column, or a place in shared memory: a scalar, an array, or with `index` an element of one. */
export type Location =
  | { readonly kind: "register"; readonly proc: number; readonly register: number }
  | { readonly kind: "memory"; readonly name: string; readonly index?: number };

/** A number, or the address of a place in shared memory. */
export type LitmusScalar = bigint | { readonly address: string };

/** A scalar, or those of an array. */
export type LitmusValue = LitmusScalar | readonly LitmusScalar[];

/** How numbers are compared and printed: registers keep 64 bits whatever the init block says of them. */
export interface LitmusType {
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
  /** Number of elements, of an array. */
  readonly length?: number;
}

/** What stands behind `exists`, over final states. */
export type Condition =
  | { readonly kind: "equal"; readonly left: Location; readonly right: LitmusValue | Location }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "and" | "or"; readonly of: readonly Condition[] }
  | { readonly kind: "implies"; readonly left: Condition; readonly right: Condition };

export type Quantifier = "exists" | "~exists" | "forall";

/** One instruction of a column; registers are those of the file, and r10 is one like any other. */
export interface ColumnInsn {
  readonly insn: Insn;
  readonly line: number;
  /** Label that a jump goes to. */
  readonly target?: string;
  /** What stands for the source register: an immediate of more than 32 bits. */
  readonly constant?: bigint;
  /** Size that an access to memory was written with. */
  readonly bytes?: number;
  /** As the file has it. */
  readonly text: string;
}

export interface Column {
  readonly proc: number;
  readonly insns: readonly ColumnInsn[];
  /** Index of the instruction behind each label. */
  readonly labels: ReadonlyMap<string, number>;
}

/** @internal */
export interface LitmusFile {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly registers: readonly { readonly proc: number; readonly register: number; readonly value: LitmusScalar }[];
  /** Every place that the file names, with its initial value. */
  readonly memory: ReadonlyMap<string, LitmusValue>;
  /** Types that the init block gives, by `formatLocation`. */
  readonly types: ReadonlyMap<string, LitmusType>;
  readonly quantifier: Quantifier;
  readonly condition: Condition;
  /** Final states for which this is false are left out. */
  readonly filter?: Condition;
  /** What states are made of: the locations of the condition and of `locations [...]`, in herd7's order. */
  readonly observed: readonly Location[];
  /** Those, and behind them what the filter looks at besides. */
  readonly watched: readonly Location[];
}

/** herd7 orders registers by column and number, then memory by name, then elements of arrays. */
export function compareLocations(a: Location, b: Location): number {
  const [p, q] = [a, b].map((one) => one.kind === "register" ? 0 : one.index === undefined ? 1 : 2);
  if (p !== q) return p - q;
  if (a.kind === "register") return b.kind === "register" ? a.proc - b.proc || a.register - b.register : -1;
  if (b.kind === "register") return 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : (a.index ?? 0) - (b.index ?? 0);
}

/** `0:r1`, `[x]`, `x[2]`; r10 is `fp`, as herd7 prints it. */
export function formatLocation(location: Location): string {
  if (location.kind === "memory") {
    return location.index === undefined ? `[${location.name}]` : `${location.name}[${location.index}]`;
  }
  return `${location.proc}:${location.register === 10 ? "fp" : `r${location.register}`}`;
}

const INT: LitmusType = { bits: 32, signed: true };

/** Type of a location: int where the init block says nothing, as in herd7. */
export function typeOf(file: Pick<LitmusFile, "types">, location: Location): LitmusType {
  const own = location.kind === "memory" ? { kind: location.kind, name: location.name } : location;
  return file.types.get(formatLocation(own)) ?? INT;
}

/** A number of a register's name, `r0` to `r10`, `fp`; undefined for any other name. */
export function registerNumber(name: string): number | undefined {
  if (/^fp$/i.test(name)) return 10;
  const match = /^[rR]([0-9]|10)$/.exec(name);
  return match ? Number(match[1]) : undefined;
}
