/** The BTF of the running kernel, for hooks and structs that the tables of the verifier leave out. */
import { processorName } from "../../host/environment.ts";
import { readBytesNow } from "../../host/files.ts";
import { LazyBtf } from "../../object/lazy_btf.ts";

const KERNEL_BTF = "/sys/kernel/btf/vmlinux";
/** The tables are of this architecture, and so are the contexts that programs get. */
const ARCHITECTURE = "x86_64";

let running: LazyBtf | null | undefined;
/** Read from the computer itself. */
let own: LazyBtf | null = null;

/** `null` where there is none: no Linux, no CONFIG_DEBUG_INFO_BTF, another architecture, no right to read it. */
export function kernelBtf(): LazyBtf | null {
  if (running === undefined) running = own = read();
  return running;
}

/** Whether some BTF is that of the kernel underneath, so that it may be asked for more. */
export const isRunningKernel = (btf: LazyBtf): boolean => btf === own;

/**
 * Does some work with other BTF than the running kernel's, or as where there is none.
 *
 * @param btf `null` for none
 */
export function withKernelBtf<T>(btf: LazyBtf | null, work: () => T): T {
  const before = running;
  running = btf;
  try {
    return work();
  } finally {
    running = before;
  }
}

function read(): LazyBtf | null {
  try {
    return processorName() === ARCHITECTURE ? new LazyBtf(readBytesNow(KERNEL_BTF)) : null;
  } catch {
    return null;
  }
}
