/** A map as the kernel would hold it after creation: shape, BTF or none, special fields of its value. */
import type { MapDef } from "../../object/bpf_object.ts";

/** Fields of a map value that a program may touch only through helpers (kernel/bpf/btf.c:btf_parse_fields). */
export type SpecialFieldKind =
  | "bpf_spin_lock"
  | "bpf_res_spin_lock"
  | "bpf_timer"
  | "bpf_wq"
  | "bpf_task_work"
  | "bpf_list_head"
  | "bpf_list_node"
  | "bpf_rb_root"
  | "bpf_rb_node"
  | "bpf_refcount"
  | "kptr_untrusted"
  | "kptr_ref"
  | "kptr_percpu";

export interface SpecialField {
  readonly kind: SpecialFieldKind;
  /** Byte offset in the value, and size in bytes. */
  readonly offset: number;
  readonly size: number;
  /** Of a kptr: the struct it points to. */
  readonly target?: string;
  /** That struct's id in the program's own BTF. */
  readonly targetId?: number;
  /** Of a list or tree: the type of its objects in the program's BTF, and where in them the node lies. */
  readonly contains?: { readonly type: number; readonly nodeOffset: number };
}

export interface MapState {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly hasBtf: boolean;
  readonly fields: readonly SpecialField[];
  /** Bytes of a read-only data section: loads from it are known. */
  readonly frozen?: Uint8Array;
  readonly isInner?: boolean;
  readonly inner?: MapState;
  readonly def: MapDef;
}

export const fieldOf = (map: MapState | null, kind: SpecialFieldKind): SpecialField | undefined =>
  map?.fields.find((field) => field.kind === kind);
