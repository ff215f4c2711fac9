/** Reading and writing the registers that an instruction names (check_reg_arg). */
import type { Environment } from "./environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { NOT_INIT, type Reg, REG_TYPE, scalar } from "./register.ts";
import { FP } from "./state.ts";

/** The register's content; a register that nothing was written to may not be read. */
export function readReg(env: Environment, index: number): Reg {
  if (index > FP) env.reject(ERRNO.EINVAL, `R${index} is invalid`);
  env.log.touchReg(index);
  const reg = env.regs[index];
  if (reg.type === REG_TYPE.NOT_INIT) env.reject(ERRNO.EACCES, `R${index} !read_ok`);
  return reg;
}

/** Makes sure that an instruction may write a register. */
export function checkWritable(env: Environment, index: number): void {
  if (index > FP) env.reject(ERRNO.EINVAL, `R${index} is invalid`);
  env.log.touchReg(index);
  if (index === FP) env.reject(ERRNO.EACCES, "frame pointer is read only");
}

const CALLER_SAVED = 6;

/** After a call r0 to r5 hold nothing. */
export function clearCallerSaved(env: Environment, regs: Reg[]): void {
  for (let index = 0; index < CALLER_SAVED; index++) {
    regs[index] = NOT_INIT;
    env.log.touchReg(index);
  }
}

/** Gives a scalar that is about to be copied an id, so that a later check of one copy counts for the other. */
export function linkBeforeCopy(env: Environment, index: number): Reg {
  let reg = env.regs[index];
  if (!reg.isScalar) return reg;
  if (reg.addConst) reg = reg.unlinked();
  if (reg.id === 0 && !reg.bounds.isConst) {
    const linked = reg.copy();
    linked.id = env.newId();
    reg = linked;
  }
  env.regs[index] = reg;
  return reg;
}

/** Refuses nothing: values whose readings contradict each other are forgotten (reg_bounds_sanity_check). */
export function settle(env: Environment, index: number): void {
  const reg = env.regs[index];
  if (reg.isScalar && reg.bounds.isContradiction) {
    const bounds = reg.bounds.copy();
    bounds.forgetRanges();
    const to = scalar(bounds);
    to.id = reg.id;
    env.regs[index] = to;
  }
}
