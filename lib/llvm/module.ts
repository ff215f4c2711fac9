/**
 * A program as the compiler's optimiser left it: LLVM IR (llvm.org/docs/LangRef.html), as far as C for BPF gets there.
 *
 * A module has globals and functions, a function has basic blocks, a block has instructions and ends with one that jumps
 * or returns. Every value is assigned once (SSA): an instruction names what it makes, others refer to it by that name.
 * Debug metadata stays text here, by its number; metadata.ts reads it.
 */

export type Type =
  | { readonly kind: "void" | "label" | "metadata" }
  | { readonly kind: "int"; readonly bits: number }
  /** Pointers are opaque; address space 1 is an arena's (`__arena`). */
  | { readonly kind: "ptr"; readonly addressSpace: number }
  /** `float`, `double` and their kin: read, so that they can be refused by name. */
  | { readonly kind: "float"; readonly name: string }
  | { readonly kind: "array" | "vector"; readonly length: number; readonly element: Type }
  /** `name` is that of `%struct.x`; a struct that is only declared has no `fields`. */
  | { readonly kind: "struct"; readonly name?: string; readonly packed: boolean; readonly fields?: readonly Type[] }
  | {
    readonly kind: "function";
    readonly result: Type;
    readonly parameters: readonly Type[];
    readonly variadic: boolean;
  };

export type Constant =
  /** Unsigned, of the type's width: `i32 -1` is 0xffffffff. */
  | { readonly kind: "integer"; readonly type: Type; readonly value: bigint }
  /** `null`, `zeroinitializer`; and what may be anything: `undef`, `poison`. */
  | { readonly kind: "null" | "zero" | "undef" | "poison"; readonly type: Type }
  /** The address of a global or a function. */
  | { readonly kind: "global"; readonly type: Type; readonly name: string }
  | { readonly kind: "aggregate"; readonly type: Type; readonly elements: readonly Constant[] }
  | { readonly kind: "bytes"; readonly type: Type; readonly bytes: Uint8Array }
  /** A floating-point number, as it is written. */
  | { readonly kind: "float"; readonly type: Type; readonly text: string }
  /** An instruction on constants: `getelementptr (i8, ptr @x, i64 8)`, `inttoptr (i64 1 to ptr)`. */
  | {
    readonly kind: "expression";
    readonly type: Type;
    readonly opcode: string;
    /** The element type of a `getelementptr`. */
    readonly elementType?: Type;
    readonly operands: readonly Constant[];
  };

export type Value =
  | Constant
  /** What a parameter or an instruction of this function made: `%x`. */
  | { readonly kind: "local"; readonly type: Type; readonly name: string }
  /** An operand of `asm`: in place of a callee. */
  | InlineAssembly
  /** `metadata !7` as an argument: the text after the `!` */
  | { readonly kind: "metadata"; readonly type: Type; readonly text: string };

export interface InlineAssembly {
  readonly kind: "asm";
  readonly type: Type;
  readonly text: string;
  /** `=r,0,~{memory}` */
  readonly constraints: string;
  readonly hasSideEffects: boolean;
}

export type Ordering = "unordered" | "monotonic" | "acquire" | "release" | "acq_rel" | "seq_cst";

export type BinaryOpcode =
  | "add"
  | "sub"
  | "mul"
  | "udiv"
  | "sdiv"
  | "urem"
  | "srem"
  | "shl"
  | "lshr"
  | "ashr"
  | "and"
  | "or"
  | "xor";
export type CastOpcode =
  | "trunc"
  | "zext"
  | "sext"
  | "ptrtoint"
  | "inttoptr"
  | "bitcast"
  | "addrspacecast"
  | "ptrtoaddr";
export type Condition = "eq" | "ne" | "ugt" | "uge" | "ult" | "ule" | "sgt" | "sge" | "slt" | "sle";

interface InstructionBase {
  /** What others call the value that it makes. */
  readonly name?: string;
  /** Of the value that it makes; void for none. */
  readonly type: Type;
  /** Number of the `!DILocation` that it comes from. */
  readonly location?: number;
  /** Number of the type's metadata behind `!llvm.preserve.access.index`: what a CO-RE relocation is about. */
  readonly preserveAccessIndex?: number;
}

export type Instruction =
  & InstructionBase
  & (
    | { readonly opcode: BinaryOpcode; readonly left: Value; readonly right: Value }
    /** `exact`: no bit is lost by `trunc nuw`. */
    | { readonly opcode: CastOpcode; readonly operand: Value; readonly exact: boolean }
    | { readonly opcode: "freeze"; readonly operand: Value }
    | { readonly opcode: "icmp"; readonly condition: Condition; readonly left: Value; readonly right: Value }
    | { readonly opcode: "select"; readonly test: Value; readonly whenTrue: Value; readonly whenFalse: Value }
    | { readonly opcode: "phi"; readonly incoming: readonly { readonly value: Value; readonly block: string }[] }
    | { readonly opcode: "alloca"; readonly allocated: Type; readonly count: Value; readonly align: number }
    | Memory & { readonly opcode: "load" }
    | Memory & { readonly opcode: "store"; readonly value: Value }
    | Memory & { readonly opcode: "atomicrmw"; readonly operation: string; readonly value: Value }
    | Memory & { readonly opcode: "cmpxchg"; readonly expected: Value; readonly value: Value }
    | { readonly opcode: "fence"; readonly ordering: Ordering; readonly syncScope?: string }
    | {
      readonly opcode: "getelementptr";
      readonly elementType: Type;
      readonly pointer: Value;
      readonly indices: readonly Value[];
    }
    | { readonly opcode: "extractvalue"; readonly aggregate: Value; readonly indices: readonly number[] }
    | {
      readonly opcode: "insertvalue";
      readonly aggregate: Value;
      readonly value: Value;
      readonly indices: readonly number[];
    }
    | {
      readonly opcode: "call";
      readonly callee: Value;
      readonly arguments: readonly Value[];
      /** Element type of the first argument (`elementtype(%struct.task)`), in CO-RE intrinsics. */
      readonly elementType?: Type;
      /** What its arguments say of their alignment, in bytes; and their other attributes. */
      readonly alignments?: readonly (number | undefined)[];
      readonly argumentAttributes?: readonly (readonly string[])[];
      /** Of its result: `zeroext`. */
      readonly attributes: readonly string[];
      readonly noReturn: boolean;
    }
    | { readonly opcode: "br"; readonly test?: Value; readonly targets: readonly string[] }
    | {
      readonly opcode: "switch";
      readonly value: Value;
      readonly otherwise: string;
      readonly cases: readonly { readonly value: bigint; readonly target: string }[];
    }
    /** `asm goto`: goes to the first target, or to another that the assembly names. */
    | {
      readonly opcode: "callbr";
      readonly callee: Value;
      readonly arguments: readonly Value[];
      readonly targets: readonly string[];
    }
    | { readonly opcode: "ret"; readonly value?: Value }
    | { readonly opcode: "unreachable" }
    /** Valid IR that no BPF program has: refused by name where it is to be translated. */
    | { readonly opcode: "unsupported"; readonly what: string }
  );

/** What loads, stores and atomic operations have in common. */
interface Memory {
  readonly pointer: Value;
  readonly volatile: boolean;
  /** Of atomic operations; for `cmpxchg` that of success. */
  readonly ordering?: Ordering;
  /** `singlethread`, where the source said `__atomic_signal_fence` or its kin. */
  readonly syncScope?: string;
  readonly align?: number;
}

export interface Block {
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

export interface Parameter {
  readonly name: string;
  readonly type: Type;
  /** Attributes without arguments: `zeroext`, `noundef`. */
  readonly attributes: readonly string[];
}

export type Linkage = "external" | "internal" | "private" | "weak" | "common" | "available_externally" | "extern_weak";
export type Visibility = "default" | "hidden" | "protected";

export interface Function {
  readonly name: string;
  readonly linkage: Linkage;
  readonly visibility: Visibility;
  readonly section?: string;
  readonly align?: number;
  readonly result: Type;
  /** As a parameter has them: `signext`. */
  readonly resultAttributes: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly variadic: boolean;
  /** `nounwind`, and `target-cpu` with its value `v3`; those of its attribute group, too. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Number of its `!DISubprogram`. */
  readonly subprogram?: number;
  /** None: it is declared only. */
  readonly blocks: readonly Block[];
  /** Line of the IR text, for messages. */
  readonly line: number;
}

export interface Global {
  readonly name: string;
  readonly linkage: Linkage;
  readonly visibility: Visibility;
  /** `constant`: nothing writes it, so it goes to `.rodata`. */
  readonly isConstant: boolean;
  readonly type: Type;
  readonly addressSpace: number;
  /** None: it is declared only (`extern`). */
  readonly initializer?: Constant;
  readonly section?: string;
  readonly align?: number;
  /** `unnamed_addr`: its address tells nothing, so that a linker may keep equal constants once. */
  readonly isUnnamed: boolean;
  /** Number of its `!DIGlobalVariableExpression`. */
  readonly debug?: number;
}

export interface Module {
  readonly sourceFile: string;
  readonly triple: string;
  /** Named structs, without the `%`. */
  readonly types: ReadonlyMap<string, Type>;
  /** In the order of the text; so are the functions. */
  readonly globals: readonly Global[];
  readonly functions: readonly Function[];
  /** `alias` and `ifunc` by name: refused where they are used. */
  readonly aliases: readonly string[];
  /** Text behind `!12 = `, by `12`; behind `!llvm.dbg.cu = `, by `llvm.dbg.cu`. */
  readonly metadata: ReadonlyMap<string, string>;
}

export const VOID: Type = { kind: "void" };
export const POINTER: Type = { kind: "ptr", addressSpace: 0 };
export const integerType = (bits: number): Type => ({ kind: "int", bits });
