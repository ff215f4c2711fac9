/** Loads through pointers to kernel structs (kernel/bpf/verifier.c:check_ptr_to_btf_access). */
import type { Environment } from "./environment.ts";
import { ERRNO } from "./errno.ts";
import { structSize } from "./kernel_objects.ts";
import type { Access } from "./memory_access.ts";
import { FLAG, UNKNOWN_SCALAR } from "./register.ts";
import { tnumText } from "./tnum.ts";

/**
 * Kernel structs may be read, not written. Of their fields only the struct's size is known here, so that every load
 * gives a plain number; a pointer loaded from a struct cannot be followed.
 */
export function checkBtfAccess(env: Environment, regno: number, off: number, size: number, access: Access): void {
  const reg = env.regs[regno], name = reg.btf?.name ?? "";
  if (!env.isGpl) {
    env.reject(ERRNO.EINVAL, `Cannot access kernel 'struct ${name}' from non-GPL compatible program`);
  }
  if (off < 0) env.reject(ERRNO.EACCES, `R${regno} is ptr_${name} invalid negative access: off=${off}`);
  if (!reg.bounds.isConst || reg.bounds.value !== 0n) {
    env.reject(
      ERRNO.EACCES,
      `R${regno} is ptr_${name} invalid variable offset: off=${off}, var_off=${tnumText(reg.bounds.tnum)}`,
    );
  }
  if (reg.type & FLAG.USER) env.reject(ERRNO.EACCES, `R${regno} is ptr_${name} access user memory: off=${off}`);
  if (reg.type & FLAG.PERCPU) env.reject(ERRNO.EACCES, `R${regno} is ptr_${name} access percpu memory: off=${off}`);
  if (access.isWrite) env.reject(ERRNO.EACCES, "only read is supported");
  const bytes = structSize(name);
  if (bytes !== undefined && off + size > bytes) {
    env.reject(ERRNO.EACCES, `access beyond struct ${name} at off ${off} size ${size}`);
  }
  if (access.value >= 0) env.regs[access.value] = UNKNOWN_SCALAR;
}
