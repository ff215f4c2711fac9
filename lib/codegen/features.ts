/** What the instruction set versions have (clang's `-mcpu`; llvm/lib/Target/BPF/BPFSubtarget.cpp). */
export interface Features {
  readonly name: string;
  /** `<`, `<=` and their signed kin as conditions: v2. */
  readonly lessThan: boolean;
  /** 32-bit arithmetic, which clears the upper half: v3. */
  readonly alu32: boolean;
  /** Jumps that compare lower halves: v3. */
  readonly jump32: boolean;
  /** Atomic operations beyond addition, and those that fetch: v3. */
  readonly fetchingAtomics: boolean;
  /** Moves and loads that extend the sign, `bswap`, signed division, `gotol`, load-acquire, store-release: v4. */
  readonly v4: boolean;
}

/** @param cpu `v1` to `v4`; `generic` and what is unknown stand for v3, as in clang since 20 */
export function featuresOf(cpu: string): Features {
  const level = Number(/^v([1-4])$/.exec(cpu)?.[1] ?? 3);
  return {
    name: `v${level}`,
    lessThan: level >= 2,
    alu32: level >= 3,
    jump32: level >= 3,
    fetchingAtomics: level >= 3,
    v4: level >= 4,
  };
}
