/** Loads and stores through pointers to objects of the program's own types (kernel/bpf/btf.c:btf_struct_access). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { layoutOf } from "../kernel/describe_types.ts";
import { layoutOfData } from "../kernel/kernel_structs.ts";
import type { SpecialField } from "../kernel/map_state.ts";
import { type Walked, walkLayout } from "./btf_walk.ts";
import { ownFields } from "../state/own_objects.ts";
import type { Reg } from "../state/register.ts";

/** Plain fields may be read and written, and give numbers; the others are for kernel functions (btf_struct_access). */
export function checkOwnAccess(env: Environment, reg: Reg, off: number, size: number): Walked {
  for (const field of ownFields(env, reg.btf)) {
    if (off < field.offset + field.size && field.offset < off + size) {
      env.reject(ERRNO.EACCES, `direct access to ${fieldName(field)} is disallowed`);
    }
  }
  const type = env.btf!.types[reg.btf!.id!];
  const layout = layoutOfData(layoutOf(env.btf!, type, () => false));
  return walkLayout(env, type.name, layout, off, size);
}

const fieldName = ({ kind }: SpecialField): string => kind.startsWith("kptr") ? "kptr" : kind;
