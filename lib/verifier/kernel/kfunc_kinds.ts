/** Questions that the verifier asks about kernel functions. */
import { GENERIC_TYPES, type Kfunc, KFUNCS } from "../../uapi/kfuncs.ts";

export const isAvailable = (kfunc: Kfunc, programType: number): boolean =>
  !kfunc.isGeneric || GENERIC_TYPES.includes(programType);

export const isIteratorNext = (name: string): boolean => name === "bpf_iter_num_next";
export const syncCallbackKfunc = (name: string): boolean => name === "bpf_rbtree_add_impl";
export const asyncCallbackKfunc = (name: string): boolean => name === "bpf_wq_set_callback_impl";
export const changesPacketKfunc = (name: string): boolean => name === "bpf_xdp_pull_data";
export const mightSleepKfunc = (name: string): boolean => KFUNCS[name]?.maySleep ?? false;
