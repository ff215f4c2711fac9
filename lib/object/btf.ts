/** BTF: the types that a BPF object carries (Documentation/bpf/btf.rst). */

/** One BTF type. `type` is the id of the type it refers to; sizes and offsets as the format gives them. */
export interface BtfType {
  /** Its number in the object's BTF, from 1; 0 is void. */
  readonly id: number;
  /** What sort of type it is (include/uapi/linux/btf.h). */
  readonly kind:
    | "void"
    | "int"
    | "ptr"
    | "array"
    | "struct"
    | "union"
    | "enum"
    | "fwd"
    | "typedef"
    | "volatile"
    | "const"
    | "restrict"
    | "func"
    | "func_proto"
    | "var"
    | "datasec"
    | "float"
    | "decl_tag"
    | "type_tag"
    | "enum64";
  /** C name; empty where it has none. */
  readonly name: string;
  /** Bytes of an int, struct, union, enum, datasec or float. */
  readonly size?: number;
  /** The type that it is made of: what a pointer points to, what an array holds. */
  readonly type?: number;
  /** Of an integer: whether it has a sign. */
  readonly signed?: boolean;
  /** Of an array: how many elements. */
  readonly nelems?: number;
  /** Of an array: the type of its index. */
  readonly indexType?: number;
  /** Members of a struct or union (`bitOffset`), variables of a datasec (`offset`, `size` in bytes). */
  readonly members?: readonly {
    readonly name: string;
    readonly type: number;
    readonly bitOffset: number;
    readonly bitSize: number;
  }[];
  /** Of a section: where each variable stands. */
  readonly variables?: readonly { readonly type: number; readonly offset: number; readonly size: number }[];
  /** Constants of an enum or enum64. */
  readonly values?: readonly { readonly name: string; readonly value: bigint }[];
  /** Of a function's type: its arguments. */
  readonly params?: readonly { readonly name: string; readonly type: number }[];
  /** FUNC: 0 static, 1 global, 2 extern. VAR the same. */
  readonly linkage?: number;
  /** Of a declaration tag: the argument or member that it marks; -1 for the function or variable itself. */
  readonly component?: number;
}

/** All types of an object by id; id 0 is void. */
export interface Btf {
  /** All types, by number. */
  readonly types: readonly BtfType[];
  /** The section as it stands in the object. */
  readonly bytes: Uint8Array;
}
