/** What lies at an offset of a kernel struct (kernel/bpf/btf.c:btf_struct_walk). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { type StructField, type StructLayout, structLayout } from "../kernel/kernel_structs.ts";

export type Walked =
  | { readonly kind: "scalar" }
  /** A pointer to a struct, through a field of this name; inside a union there is no telling whether it is one. */
  | { readonly kind: "struct"; readonly to: string; readonly field: string; readonly isUntrusted: boolean }
  /** A pointer to anything else: memory that may be read, fault or not. */
  | { readonly kind: "memory" };

/** A struct that was not known here cannot be followed: said so, instead of a verdict that may be wrong. */
function refuseUnknownStruct(env: Environment, name: string): never {
  env.unsupported(`reading fields of the kernel's struct ${name || "(anon)"}`);
}

/**
 * Walks to `size` bytes at `off` of a struct of the kernel.
 *
 * @throws Rejection where no field, or only a part of a pointer, lies there
 */
export function walkStruct(env: Environment, struct: string, off: number, size: number): Walked {
  return walkLayout(env, struct, structLayout(struct), off, size);
}

/** The same, of a struct that is at hand. */
export function walkLayout(
  env: Environment,
  struct: string,
  start: StructLayout | undefined,
  off: number,
  size: number,
): Walked {
  let name = struct, layout = start, isUntrusted = false;
  for (;;) {
    if (!layout) refuseUnknownStruct(env, name);
    // Which member of a union counts is not known; the unions of contexts have one.
    if (layout.isUnion && layout.fields.length !== 1) isUntrusted = true;
    if (off + size > layout.size) {
      const element = flexibleArray(layout, off);
      if (!element) env.reject(ERRNO.EACCES, `access beyond struct ${name} at off ${off} size ${size}`);
      if (element.type.kind === "scalar") return { kind: "scalar" };
      off = (off - element.offset) % element.size;
      [name, layout] = nested(env, element);
      continue;
    }
    const found = fieldAt(layout, off, size);
    if (found === "bits") return { kind: "scalar" };
    if (!found) env.reject(ERRNO.EINVAL, `struct ${name} doesn't have field at offset ${off}`);
    const index = found.isArray ? Math.floor((off - found.offset) / found.size) : 0;
    const begin = found.offset + index * found.size;
    if (found.type.kind === "struct") {
      off -= begin;
      [name, layout] = nested(env, found);
      continue;
    }
    if (found.type.kind === "pointer") {
      if (size !== found.size || off !== begin) {
        const place = `with moff ${begin} in struct ${name} with off ${off} size ${size}`;
        env.reject(ERRNO.EACCES, `cannot access ptr member ${found.name} ${place}`);
      }
      const { to } = found.type;
      return to === undefined ? { kind: "memory" } : { kind: "struct", to, field: found.name, isUntrusted };
    }
    const end = found.offset + found.size * found.count;
    if (off + size > end && !isUntrusted) {
      const place = `in struct ${name} with off ${off} size ${size}`;
      env.reject(ERRNO.EACCES, `access beyond the end of member ${found.name} (mend:${end}) ${place}`);
    }
    return { kind: "scalar" };
  }
}

/** An array without a length at the end of a struct goes on beyond it. */
function flexibleArray({ fields }: StructLayout, off: number): StructField | undefined {
  const last = fields.at(-1);
  const isOpen = last?.isArray && last.count === 0 && off >= last.offset && last.type.kind !== "pointer";
  return isOpen ? last : undefined;
}

function nested(env: Environment, { type }: StructField): [string, StructLayout | undefined] {
  if (type.kind !== "struct") return ["", undefined];
  if (type.layout) return ["(anon)", type.layout];
  if (type.name === undefined) refuseUnknownStruct(env, "");
  return [type.name, structLayout(type.name)];
}

function fieldAt({ fields }: StructLayout, off: number, size: number): StructField | "bits" | undefined {
  for (const field of fields) {
    if (off + size <= field.offset) return undefined;
    if (field.bits !== 0) {
      if (off <= field.offset && Math.ceil((field.firstBit + field.bits) / 8) <= off + size) return "bits";
      continue;
    }
    if (off < field.offset) return undefined;
    if (off < field.offset + field.size * field.count) return field;
  }
  return undefined;
}
