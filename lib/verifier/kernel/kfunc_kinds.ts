/** Questions that the verifier asks about kernel functions. */
import { type Kfunc, KFUNC_TYPES, KFUNCS } from "../../uapi/kfuncs.ts";
import { essentialName } from "./core_relo.ts";

/** By the name that an object calls it, which may have a flavour behind `___`. */
export function kfuncOf(name: string): Kfunc | undefined {
  const essential = essentialName(name);
  return Object.hasOwn(KFUNCS, essential) ? KFUNCS[essential] : undefined;
}

export function isAvailable({ set }: Kfunc, programType: number): boolean {
  const types: readonly number[] | undefined = KFUNC_TYPES[set];
  return types === undefined || types.includes(programType);
}

export const isListOrTree = (name: string): boolean =>
  /^bpf_(list_(push_(front|back)_impl|pop_(front|back)|front|back)|rbtree_(add_impl|remove|first|root|left|right))$/
    .test(name);
export const isIteratorNew = (name: string): boolean => /^bpf_iter_\w+_new$/.test(name);
export const isIteratorNext = (name: string): boolean => /^bpf_iter_\w+_next$/.test(name);
export const isIteratorDestroy = (name: string): boolean => /^bpf_iter_\w+_destroy$/.test(name);
export const syncCallbackKfunc = (name: string): boolean => name === "bpf_rbtree_add_impl";
export const asyncCallbackKfunc = (name: string): boolean => name === "bpf_wq_set_callback_impl";
export const changesPacketKfunc = (name: string): boolean => name === "bpf_xdp_pull_data";
export const mightSleepKfunc = (name: string): boolean => kfuncOf(name)?.maySleep ?? false;
/** May be called while a lock is held (kfunc_spin_allowed). */
export const isAllowedUnderLock = (name: string): boolean =>
  /^bpf_res_spin_|^bpf_iter_num_|^bpf_arena_|^bpf_stream_/.test(name) || isListOrTree(name) ||
  name === "bpf_refcount_acquire_impl";
