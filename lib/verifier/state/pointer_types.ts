/** One instruction may not go through pointers of different kinds on different paths (save_aux_ptr_type). */
import type { Environment } from "./environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { FLAG, kindOf, REG_TYPE } from "./register.ts";

/** Kinds whose accesses the kernel rewrites: they must be the same on every path. */
const REWRITTEN: readonly number[] = [
  REG_TYPE.CTX,
  REG_TYPE.SOCKET,
  REG_TYPE.SOCK_COMMON,
  REG_TYPE.TCP_SOCK,
  REG_TYPE.XDP_SOCK,
  REG_TYPE.BTF_ID,
  REG_TYPE.ARENA,
];
const isRewritten = (type: number): boolean => REWRITTEN.includes(kindOf(type));

export function notePointerType(env: Environment, type: number, mayDifferInTrust: boolean): void {
  const note = env.notes[env.insn];
  if (note.pointerType === 0) {
    note.pointerType = type;
    return;
  }
  if (type === note.pointerType || !isRewritten(type) && !isRewritten(note.pointerType)) return;
  const both = [type, note.pointerType], kinds = both.map(kindOf);
  if (!mayDifferInTrust || kinds.some((kind) => kind !== REG_TYPE.BTF_ID && kind !== REG_TYPE.MEM)) {
    env.reject(ERRNO.EINVAL, "same insn cannot be used with different pointers");
  }
  note.pointerType = (kinds.includes(REG_TYPE.MEM) ? REG_TYPE.MEM : REG_TYPE.BTF_ID) |
    ((type | note.pointerType) & (FLAG.UNTRUSTED | FLAG.RDONLY));
}
