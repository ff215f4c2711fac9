/** A map as the kernel would hold it after creation: shape, BTF or none, special fields of its value. */
import type { MapDef } from "../../object/bpf_object.ts";
import type { SpecialField, SpecialFieldKind } from "../../object/special_fields.ts";

export type { SpecialField, SpecialFieldKind };

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
