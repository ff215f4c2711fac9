/** BTF: the types that a BPF object carries (Documentation/bpf/btf.rst). */

/** One BTF type. `type` is the id of the type it refers to; sizes and offsets as the format gives them. */
export interface BtfType {
  readonly id: number;
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
  readonly name: string;
  /** Bytes of an int, struct, union, enum, datasec or float. */
  readonly size?: number;
  readonly type?: number;
  readonly signed?: boolean;
  readonly nelems?: number;
  readonly indexType?: number;
  /** Members of a struct or union (`bitOffset`), variables of a datasec (`offset`, `size` in bytes). */
  readonly members?: readonly {
    readonly name: string;
    readonly type: number;
    readonly bitOffset: number;
    readonly bitSize: number;
  }[];
  readonly variables?: readonly { readonly type: number; readonly offset: number; readonly size: number }[];
  /** Constants of an enum or enum64. */
  readonly values?: readonly { readonly name: string; readonly value: bigint }[];
  readonly params?: readonly { readonly name: string; readonly type: number }[];
  /** FUNC: 0 static, 1 global, 2 extern. VAR the same. */
  readonly linkage?: number;
  /** Of a declaration tag: the argument or member that it marks; -1 for the function or variable itself. */
  readonly component?: number;
}

/** All types of an object by id; id 0 is void. */
export interface Btf {
  readonly types: readonly BtfType[];
  readonly bytes: Uint8Array;
}
