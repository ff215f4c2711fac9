/** What is said of C that BPF has no instruction for: by clang's back end in words of its own, by ours in these. */

/**
 * Why the code generator found no instruction: an instruction set that is too old, or none that has it.
 *
 * @param node the operation, as LLVM calls it
 * @param order the memory order of an atomic, as LLVM calls it
 * @param bits its width
 */
export function noInstruction(node: string, order: string | undefined, bits: number): string {
  if (node === "AtomicLoad" || node === "AtomicStore") {
    const [plain, name] = node === "AtomicLoad" ? ["READ_ONCE", "load-acquire"] : ["WRITE_ONCE", "store-release"];
    const needs = `needs -mcpu=v4, and clang 21 or newer (${node})`;
    if (order === "seq_cst") return `BPF has no sequentially consistent load or store; ${name} ${needs}`;
    return order === "monotonic" ? `a relaxed atomic ${needs}; ${plain} needs neither` : `${name} ${needs}`;
  }
  if (node === "AtomicFence") {
    return "BPF has no fence instruction (AtomicFence): an atomic whose old value is used is a full barrier, such as " +
      "__sync_val_compare_and_swap or __sync_lock_test_and_set on a variable of its own";
  }
  // Load-acquire and store-release alone have all four sizes (kernel/bpf/verifier.c:check_atomic_rmw).
  if ((bits < 32 || bits > 64) && /^Atomic(Swap|CmpSwap|Load(Add|Sub|And|Or|Xor))$/.test(node)) {
    return `an atomic read-modify-write takes 4 or 8 bytes, not ${
      bits / 8
    } (${node}); load-acquire and store-release ` +
      "(-mcpu=v4) take 1 and 2 too";
  }
  // llvm/lib/Target/BPF/BPFInstrInfo.td: without 32-bit registers (v3) only the plain addition has 32 bits.
  if (bits === 32 && /^Atomic(Swap|CmpSwap|Load(Add|Sub|And|Or|Xor))$/.test(node)) {
    return `on 32 bits this needs -mcpu=v3 (${node})`;
  }
  if (/^s(div|rem)$/.test(node)) return `signed division needs -mcpu=v4 (${node})`;
  return `BPF has no instruction for this (${node})`;
}
