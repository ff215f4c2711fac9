/**
 * A function in machine code, with what an object has to say about it: the seam between the code generator, which makes
 * it, and `object/`, which writes the ELF file. Offsets are bytes from the function's first instruction.
 */
import type { Linkage, Visibility } from "../llvm/module.ts";
import type { CoreRelocationKind } from "../uapi/core_relo.ts";

export interface AssembledFunction {
  readonly name: string;
  /** ELF section, `.text` where the source names none. */
  readonly section: string;
  readonly linkage: Linkage;
  readonly visibility: Visibility;
  /** Number of its `!DISubprogram`. */
  readonly subprogram?: number;
  /** Byte code (isa/insn.ts:encode). */
  readonly insns: Uint8Array;
  readonly relocations: readonly Relocation[];
  /** In ascending order; an instruction without an entry belongs to the entry before it. */
  readonly lines: readonly LineEntry[];
  readonly coreRelocations: readonly CoreRelocation[];
}

/**
 * An instruction that needs an address which the linker or the loader knows.
 *
 * - `address`: a `BPF_LD_IMM64` of a global, a map or a function (R_BPF_64_64). Its immediate and src are 0.
 * - `call`: a call of a BPF function or of a kernel function (R_BPF_64_32). Its src is BPF_PSEUDO_CALL, its immediate -1.
 */
export interface Relocation {
  readonly offset: number;
  readonly kind: "address" | "call";
  /** Name of the global or function. */
  readonly symbol: string;
  /** Bytes beyond the symbol; 0 for calls. */
  readonly addend: number;
}

export interface LineEntry {
  readonly offset: number;
  /** Number of its `!DILocation`. */
  readonly location: number;
}

/** An instruction whose offset or immediate the loader adjusts to the kernel at hand (struct bpf_core_relo). */
export interface CoreRelocation {
  readonly offset: number;
  /** Number of the metadata of the type where the access begins. */
  readonly type: number;
  /** `0:1:2`: indices of members and elements, from that type on. */
  readonly access: string;
  readonly kind: CoreRelocationKind;
}
